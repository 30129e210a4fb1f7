"""Convert face data sets from the form in which their authors distribute them.

One format a file; each yields :class:`Face` objects. :func:`prepare` checks
them, brings the images over and writes what MMPose's data set classes read.
"""

from mmwing.datasets.formats import (
    ArchiveError,
    BrokenDataError,
    Kind,
    Problem,
    read_pts,
)

from .face import Face
from .prepare import prepare
from .recognise import CONVERTERS
from .report import Report

__all__ = ['CONVERTERS', 'ArchiveError', 'BrokenDataError', 'Face', 'Kind', 'Problem',
           'Report', 'prepare', 'read_pts']
