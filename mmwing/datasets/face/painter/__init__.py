"""Paint faces with numpy and OpenCV, and nothing else.

All parts are drawn by the projected landmarks of
:mod:`mmwing.datasets.face.face_model`: through them, or as far beside them as
annotators put their labels, which varies from face to face. The canvas is painted at
twice its size and reduced, then light, blur and noise are added.
"""

from .face import face_landmarks, paint_face

__all__ = ['face_landmarks', 'paint_face']
