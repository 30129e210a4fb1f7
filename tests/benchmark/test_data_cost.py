import json

import numpy as np
import pytest

from mmwing.benchmark.data_cost import NUM_KEYPOINTS, measure_data, table, write_faces


@pytest.mark.slow
def test_every_reader_is_measured(tmp_path):
    write_faces(tmp_path / 'faces.json', 12)
    costs = measure_data(tmp_path / 'faces.json')
    assert all(cost.seconds > 0 for cost in costs.values())
    assert np.isnan(costs['JSON alone'].worker)
    lines = list(table({12: costs}))
    assert lines[0] == '| | 12 faces |'
    assert len(lines) == 2 + len(costs)


def test_the_faces_are_those_of_their_seed(tmp_path):
    for name, seed in (('a', 0), ('b', 0), ('c', 1)):
        write_faces(tmp_path / name, 3, seed)
    first, same, other = ((tmp_path / name).read_text() for name in 'abc')
    assert first == same != other
    content = json.loads(first)
    assert len(content['images']) == len(content['annotations']) == 3
    points = np.reshape(content['annotations'][0]['keypoints'], (-1, 3))
    assert len(points) == NUM_KEYPOINTS and np.ptp(points[:, :2], axis=0).min() > 50
