"""Readers of annotation files, and what they return: faces, boxes, problems."""

from .archive import RawArchive
from .landmark_files import read_landmarks
from .points_file import pose_metainfo, read_points_file
from .problems import ArchiveError, BrokenDataError, Kind, Problem, ProblemLog
from .pts import read_pts
from .records import LandmarkRecord

__all__ = ['ArchiveError', 'BrokenDataError', 'Kind', 'LandmarkRecord', 'Problem',
           'ProblemLog', 'RawArchive', 'pose_metainfo', 'read_landmarks',
           'read_points_file', 'read_pts']
