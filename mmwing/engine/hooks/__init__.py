"""Hooks."""

from .mean_shape_hook import MeanShapeHook

__all__ = ['MeanShapeHook']
