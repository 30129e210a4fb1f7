"""Evaluate landmarks as the face-alignment literature does."""

from .faces import EvaluatedFaces
from .metrics import FaceAlignmentMetric
from .summary import Protocol, summarize

__all__ = ['EvaluatedFaces', 'FaceAlignmentMetric', 'Protocol', 'summarize']
