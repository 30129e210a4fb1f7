"""Evaluation as the face-alignment literature does it."""

from .faces import EvaluatedFaces
from .label_offset import LabelOffsetMetric
from .metrics import FaceAlignmentMetric
from .summary import Protocol, summarize

__all__ = [
    'EvaluatedFaces', 'FaceAlignmentMetric', 'LabelOffsetMetric', 'Protocol',
    'summarize'
]
