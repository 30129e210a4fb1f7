"""Find landmarks without PyTorch: numpy, OpenCV, Pillow and ONNX Runtime.

``import mmwing.runtime`` loads nothing else, also where PyTorch is installed, provided
that it is the first import of mmwing in the process. Other parts of mmwing are prepared
when a name of the package is used, such as ``mmwing.FaceLandmarker``: do that before
importing them.
"""

from mmwing.images import ImageError, read_image

from .detectors import BoxMap, CenterFace, Detector, Dlib
from .face import Face
from .head_pose import HeadPose, head_pose
from .licence import LicenceWarning
from .onnx_landmarker import OnnxLandmarker

__all__ = ['BoxMap', 'CenterFace', 'Detector', 'Dlib', 'Face', 'HeadPose', 'ImageError',
           'LicenceWarning', 'OnnxLandmarker', 'head_pose', 'read_image']
