"""Pose estimators."""

from .cascade import CascadeEstimator

__all__ = ['CascadeEstimator']
