"""Transforms for MMPose's pipelines: geometry, one warp, then pixels."""

from .background_box import BackgroundBox
from .blur import RandomGaussianBlur
from .box_error import BoxError
from .box_from_file import BoxFromFile
from .cached_image import LoadCachedImage
from .color import RandomColor
from .face_affine import FaceAffine
from .face_box import RandomFaceBox
from .face_context import FaceContext
from .keep_landmarks import KeepLandmarks
from .label_noise import LabelNoise
from .occlusion import RandomOcclusion
from .pack_canvas import PackCanvas
from .remove_label_offset import RemoveLabelOffset

__all__ = ['BackgroundBox', 'BoxError', 'BoxFromFile', 'FaceAffine', 'FaceContext',
           'KeepLandmarks', 'LabelNoise', 'LoadCachedImage', 'PackCanvas',
           'RandomColor', 'RandomFaceBox', 'RandomGaussianBlur', 'RandomOcclusion',
           'RemoveLabelOffset']
