"""Annotations are read without copies of the data set's metainfo."""

import numpy as np
import pytest
from mmpose.registry import DATASETS

from mmwing.datasets.face import SyntheticFaceDataset
from mmwing.datasets.wrappers.annotation import annotation_of


@pytest.fixture
def one_face():
    """A stock data set of MMPose's with one face, not from disk."""

    class OneFace(DATASETS.get('WFLWDataset')):
        def load_data_list(self):
            return [{'id': 3, 'keypoints': np.arange(196.).reshape(1, 98, 2)}]

    return OneFace


@pytest.mark.parametrize('serialize', [True, False])
def test_what_the_data_set_knows_of_the_sample(one_face, serialize):
    dataset = one_face(serialize_data=serialize)
    whole = dataset.get_data_info(0)
    found = annotation_of(dataset, 0)
    assert set(found) == {'id', 'keypoints', 'sample_idx'}
    assert set(whole) - set(found) >= {'flip_pairs', 'flip_indices'}
    np.testing.assert_array_equal(found['keypoints'], whole['keypoints'])
    # A copy, as get_data_info gives.
    found['keypoints'][:] = 0
    assert dataset.get_data_info(0)['keypoints'].any()


def test_a_data_set_with_a_method_of_its_own_keeps_it():
    dataset = SyntheticFaceDataset(num_samples=1)
    np.testing.assert_array_equal(annotation_of(dataset, 0)['keypoints'],
                                  dataset.get_data_info(0)['keypoints'])
