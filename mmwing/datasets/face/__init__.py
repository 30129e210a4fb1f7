"""Face data sets."""

from .pose_subset import PoseSubset
from .synthetic_face_dataset import SyntheticFaceDataset

__all__ = ['PoseSubset', 'SyntheticFaceDataset']
