"""Wrappers that change which samples of a data set are seen, and how often."""

from .pose_balanced_dataset import PoseBalancedDataset
from .shape_modes import PoseModes, pose_modes, yaw_mode

__all__ = ['PoseBalancedDataset', 'PoseModes', 'pose_modes', 'yaw_mode']
