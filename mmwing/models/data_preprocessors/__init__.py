"""Data preprocessors."""

from .face_augmentor import BatchPipeline, FaceAugmentor

__all__ = ['BatchPipeline', 'FaceAugmentor']
