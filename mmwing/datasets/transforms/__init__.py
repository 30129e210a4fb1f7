"""Transforms for MMPose's pipelines: geometry, one warp, then pixels."""

from .blur import RandomGaussianBlur
from .color import RandomColor
from .face_affine import FaceAffine
from .face_box import RandomFaceBox
from .occlusion import RandomOcclusion

__all__ = ['FaceAffine', 'RandomColor', 'RandomFaceBox', 'RandomGaussianBlur',
           'RandomOcclusion']
