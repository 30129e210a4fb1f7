"""Evaluation as the face-alignment literature does it."""

from .faces import EvaluatedFaces
from .metrics import FaceAlignmentMetric
from .summary import Protocol, landmark_nme, summarize

__all__ = ['EvaluatedFaces', 'FaceAlignmentMetric', 'Protocol', 'landmark_nme',
           'summarize']
