"""Data sets around a data set: which samples are seen, how often, in what subsets."""

from .pose_balanced_dataset import PoseBalancedDataset
from .shape_modes import PoseModes, pose_modes, yaw_mode
from .subset_dataset import SubsetDataset

__all__ = ['PoseBalancedDataset', 'PoseModes', 'SubsetDataset', 'pose_modes',
           'yaw_mode']
