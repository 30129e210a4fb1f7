import json

import numpy as np
import pytest

from mmwing.benchmark.data_cost import NUM_KEYPOINTS, READERS, data_table, write_faces


@pytest.mark.slow
def test_every_reader_is_measured():
    table = data_table([12, 20])
    assert list(table.data) == list(READERS)
    assert all(cell['seconds'] > 0 for cells in table.data.values()
               for cell in cells.values())
    assert np.isnan(table.data['JSON alone']['12']['worker'])
    assert table.header == ['', '12 faces', '20 faces']


def test_the_faces_are_those_of_their_seed(tmp_path):
    for name, seed in (('a', 0), ('b', 0), ('c', 1)):
        write_faces(tmp_path / name, 3, seed)
    first, same, other = ((tmp_path / name).read_text() for name in 'abc')
    assert first == same != other
    content = json.loads(first)
    assert len(content['images']) == len(content['annotations']) == 3
    points = np.reshape(content['annotations'][0]['keypoints'], (-1, 3))
    assert len(points) == NUM_KEYPOINTS and np.ptp(points[:, :2], axis=0).min() > 50
