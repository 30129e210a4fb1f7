"""Checks of annotated faces, a check a file; one set for every program.

``mmwing check`` runs all of them (:func:`check_landmarks`), ``mmwing prepare`` the same
while it writes, and a data set those that take no time when it is loaded.
"""

from .landmarks import check_landmarks
from .report import CheckReport
from .sheet import draw_check_sheet

__all__ = ['CheckReport', 'check_landmarks', 'draw_check_sheet']
