"""Face data sets."""

from .face_landmark_dataset import FaceLandmarkDataset
from .pose_subset import PoseSubset
from .synthetic_face_dataset import SyntheticFaceDataset

__all__ = ['FaceLandmarkDataset', 'PoseSubset', 'SyntheticFaceDataset']
