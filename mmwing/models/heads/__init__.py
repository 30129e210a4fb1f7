"""Heads."""

from .direct_regression_head import DirectRegressionHead

__all__ = ['DirectRegressionHead']
