"""Evaluate landmarks as the face-alignment literature does."""

from .confidence_metric import ConfidenceMetric
from .faces import EvaluatedFaces
from .metrics import FaceAlignmentMetric
from .protocol import Protocol
from .provenance import Provenance
from .run import RunRecord
from .run_file import read_record, write_record
from .summary import summarize

__all__ = ['ConfidenceMetric', 'EvaluatedFaces', 'FaceAlignmentMetric', 'Protocol',
           'Provenance', 'RunRecord', 'read_record', 'summarize', 'write_record']
