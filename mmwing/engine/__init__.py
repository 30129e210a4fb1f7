"""What takes part in training besides model and data."""

from .hooks import MeanShapeHook
from .mean_shape import compute_mean_shape

__all__ = ['MeanShapeHook', 'compute_mean_shape']
