"""Heads."""

from .direct_regression_head import DirectRegressionHead
from .landmark_confidence import LandmarkConfidence
from .local_refinement_head import LocalRefinementHead

__all__ = ['DirectRegressionHead', 'LandmarkConfidence', 'LocalRefinementHead']
