"""Use a trained model: find faces and their landmarks."""

from mmwing.images import ImageError, read_image

from .detectors import BoxMap, CenterFace, Detector, Dlib, MMDet
from .face import Face
from .landmarker import FaceLandmarker
from .models import list_models, load_model

__all__ = ['BoxMap', 'CenterFace', 'Detector', 'Dlib', 'Face', 'FaceLandmarker',
           'ImageError', 'MMDet', 'list_models', 'load_model', 'read_image']
