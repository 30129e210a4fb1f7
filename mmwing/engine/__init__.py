"""Hooks and optimiser wrappers."""

from .hooks import (
    CheckpointConfigHook,
    EpochSeedHook,
    LossAnnealingHook,
    LossSwitchHook,
    MeanShapeHook,
    PipelineSwitchHook,
    RunRecordHook,
)
from .mean_shape import compute_mean_shape
from .optim_wrappers import BFloat16OptimWrapper

__all__ = ['BFloat16OptimWrapper', 'CheckpointConfigHook', 'EpochSeedHook',
           'LossAnnealingHook', 'LossSwitchHook', 'MeanShapeHook', 'PipelineSwitchHook',
           'RunRecordHook', 'compute_mean_shape']
