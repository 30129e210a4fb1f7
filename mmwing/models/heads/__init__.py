"""Heads."""

from .direct_regression_head import DirectRegressionHead
from .local_refinement_head import LocalRefinementHead

__all__ = ['DirectRegressionHead', 'LocalRefinementHead']
