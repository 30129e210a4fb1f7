"""Use a trained model: find faces and their landmarks."""

from .detectors import BoxMap, CenterFace, Detector, Dlib, MMDet
from .face import Face
from .images import ImageError, read_image
from .landmarker import FaceLandmarker
from .models import list_models, load_model

__all__ = ['BoxMap', 'CenterFace', 'Detector', 'Dlib', 'Face', 'FaceLandmarker',
           'ImageError', 'MMDet', 'list_models', 'load_model', 'read_image']
