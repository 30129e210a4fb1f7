"""Use a trained model: find faces and their landmarks."""

from mmwing.images import ImageError, read_image
from mmwing.runtime import (
    BoxMap,
    CenterFace,
    Detector,
    Dlib,
    Face,
    HeadPose,
    head_pose,
)
from mmwing.runtime.detectors import MMDet

from .landmarker import FaceLandmarker
from .models import list_models, load_model
from .one_euro_filter import OneEuroFilter
from .tracker import FaceTracker

__all__ = ['BoxMap', 'CenterFace', 'Detector', 'Dlib', 'Face', 'FaceLandmarker',
           'FaceTracker', 'HeadPose', 'ImageError', 'MMDet', 'OneEuroFilter',
           'head_pose', 'list_models', 'load_model', 'read_image']
