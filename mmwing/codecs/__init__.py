"""Codecs: encode landmarks as labels and decode predictions."""

from .direct_regression_label import DirectRegressionLabel

__all__ = ['DirectRegressionLabel']
