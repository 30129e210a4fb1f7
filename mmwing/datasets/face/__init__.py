"""Face data sets."""

from .synthetic_face_dataset import SyntheticFaceDataset

__all__ = ['SyntheticFaceDataset']
