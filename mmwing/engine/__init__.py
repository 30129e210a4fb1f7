"""What takes part in training besides model and data."""

from .hooks import EpochSeedHook, MeanShapeHook, PipelineSwitchHook, RunRecordHook
from .mean_shape import compute_mean_shape

__all__ = ['EpochSeedHook', 'MeanShapeHook', 'PipelineSwitchHook',
           'RunRecordHook', 'compute_mean_shape']
