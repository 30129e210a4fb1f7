"""Face data sets."""

from .face_landmark_dataset import FaceLandmarkDataset
from .synthetic_face_dataset import SyntheticFaceDataset

__all__ = ['FaceLandmarkDataset', 'SyntheticFaceDataset']
