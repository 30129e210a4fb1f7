"""Paint faces with numpy and OpenCV, and nothing else.

All parts are drawn through the projected landmarks of
:mod:`mmwing.datasets.face.face_model`, so that the annotation is exact by construction.
The canvas is painted at twice its size and reduced, then light, blur and noise are
added.
"""

from .face import face_landmarks, paint_face

__all__ = ['face_landmarks', 'paint_face']
