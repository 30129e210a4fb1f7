"""Results, split by how far the faces are turned."""

import numpy as np
import pytest

from mmwing.comparison import split_by_pose
from mmwing.datasets.face import SyntheticFaceDataset
from mmwing.datasets.wrappers import PoseBalancedDataset
from mmwing.evaluation.baselines import annotated_faces


class Backwards(SyntheticFaceDataset):
    """Not in the order of the names, by which a metric sorts."""

    def get_data_info(self, idx):
        return super().get_data_info(len(self) - 1 - idx)


@pytest.fixture(scope='module')
def faces():
    return Backwards(num_samples=20, seed=3)


def test_each_face_is_in_the_group_of_its_pose(faces, make_result):
    validated = annotated_faces(faces)
    assert list(validated.names) == sorted(validated.names, reverse=True)
    pose = PoseBalancedDataset(faces).pose[::-1]
    names = sorted(validated.names)
    results = [make_result(seed=seed, errors=pose + seed, stage=stage, names=names)
               for seed, stage in ((0, 'final'), (1, 'final'), (0, 'tune'))]
    groups = split_by_pose(results, faces, (0.5, 0.9))
    assert list(groups) == [
        '0 to 50 % by yaw (10 faces)', '50 to 90 % by yaw (8 faces)',
        '90 to 100 % by yaw (2 faces)']
    for seed in range(2):
        parts = [group[seed].errors - seed for group in groups.values()]
        assert max(parts[0]) <= min(parts[1]) and max(parts[1]) <= min(parts[2])
        np.testing.assert_allclose(np.sort(np.concatenate(parts)), np.sort(pose))
    assert all(len(group) == 2 for group in groups.values())  # tuning left out


def test_results_of_other_faces_are_refused(faces, make_result):
    with pytest.raises(ValueError, match='other faces than the 20'):
        split_by_pose([make_result()], faces)
