"""Evaluation as the face-alignment literature does it."""

from .faces import EvaluatedFaces
from .metrics import FaceAlignmentMetric
from .summary import Protocol, summarize

__all__ = ['EvaluatedFaces', 'FaceAlignmentMetric', 'Protocol', 'summarize']
