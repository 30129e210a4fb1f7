"""Groups of faces by how far they are turned."""

import numpy as np
import pytest

from mmwing.datasets.face import SyntheticFaceDataset
from mmwing.datasets.wrappers import PoseBalancedDataset
from mmwing.evaluation.baselines import annotated_faces
from mmwing.evaluation.pose_groups import faces_by_pose


class OneWithoutPose(SyntheticFaceDataset):
    """The first face has two annotated points."""

    def get_data_info(self, idx):
        info = super().get_data_info(idx)
        if idx == 0:
            info['keypoints_visible'] = np.arange(68)[None] < 2
        return info


def test_groups_begin_with_the_least_turned():
    dataset = SyntheticFaceDataset(num_samples=10, seed=3)
    pose = dict(zip(annotated_faces(dataset).names, PoseBalancedDataset(dataset).pose,
                    strict=True))
    groups = faces_by_pose(dataset, (0.3, 0.8))
    assert list(groups) == ['0 to 30 % by yaw', '30 to 80 % by yaw',
                            '80 to 100 % by yaw']
    assert list(map(len, groups.values())) == [3, 5, 2]
    assert sum(groups.values(), []) == sorted(pose, key=pose.get)


@pytest.mark.filterwarnings('ignore:1 of 20 samples have fewer than three')
def test_a_face_without_a_pose_is_not_the_most_turned():
    dataset = OneWithoutPose(num_samples=20, seed=3)
    first, *others = annotated_faces(dataset).names
    assert sorted(sum(faces_by_pose(dataset, (0.5,)).values(), [])) == sorted(others)


@pytest.mark.parametrize('shares', [(), (0.9, 0.5), (0.,), (0.5, 1.), (0.001,)])
def test_shares_that_make_no_groups(shares):
    with pytest.raises(ValueError, match='shares'):
        faces_by_pose(SyntheticFaceDataset(num_samples=20, seed=3), shares)
