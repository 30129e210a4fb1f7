"""Wrappers of data sets: subsets and pose-based data balancing."""

from .canvas_dataset import CanvasDataset
from .inner_datasets import inner_datasets
from .pose_balanced_dataset import PoseBalancedDataset
from .shape_modes import PoseModes, pose_modes, yaw_mode
from .subset_dataset import SubsetDataset

__all__ = ['CanvasDataset', 'PoseBalancedDataset', 'PoseModes', 'SubsetDataset',
           'inner_datasets', 'pose_modes', 'yaw_mode']
