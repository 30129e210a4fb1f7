"""Pictures; one figure per module."""

from .ced import draw_ced
from .face_sheet import draw_face, draw_face_sheet

__all__ = ['draw_ced', 'draw_face', 'draw_face_sheet']
