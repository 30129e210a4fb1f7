"""Readers of face data sets in the form their authors distribute them.

One format a file; each yields :class:`Face` objects. :func:`prepare` checks
them, brings the images over and writes what MMPose's data set classes read.
"""

from .face import Face
from .prepare import prepare
from .problems import ArchiveError, BrokenDataError, Kind, Problem
from .pts import read_pts
from .recognise import CONVERTERS
from .report import Report

__all__ = ['CONVERTERS', 'ArchiveError', 'BrokenDataError', 'Face', 'Kind', 'Problem',
           'Report', 'prepare', 'read_pts']
