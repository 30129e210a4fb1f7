"""Draw figures and sheets of faces, one kind a module."""

from .box_sensitivity import draw_box_sensitivity
from .ced import draw_ced
from .error_map import draw_error_map
from .face_sheet import draw_face, draw_face_sheet
from .numbered_sheet import draw_numbered_sheet
from .pose_balance import draw_pose_balance
from .sample_sheet import draw_sample_sheet

__all__ = ['draw_box_sensitivity', 'draw_ced', 'draw_error_map', 'draw_face',
           'draw_face_sheet', 'draw_numbered_sheet',
           'draw_pose_balance', 'draw_sample_sheet']
