"""Codecs: from landmarks in pixels to labels, and back."""

from .direct_regression_label import DirectRegressionLabel

__all__ = ['DirectRegressionLabel']
