"""Hooks, optimiser wrappers and the loop of tests."""

from .hooks import (
    ChannelsLastHook,
    CheckpointConfigHook,
    CompileHook,
    EpochSeedHook,
    LossAnnealingHook,
    LossSwitchHook,
    MeanShapeHook,
    PipelineSwitchHook,
    RunRecordHook,
)
from .looks_test_loop import LooksTestLoop
from .mean_shape import compute_mean_shape
from .optim_wrappers import BFloat16OptimWrapper

__all__ = ['BFloat16OptimWrapper', 'ChannelsLastHook', 'CheckpointConfigHook',
           'CompileHook', 'EpochSeedHook', 'LooksTestLoop', 'LossAnnealingHook',
           'LossSwitchHook', 'MeanShapeHook', 'PipelineSwitchHook', 'RunRecordHook',
           'compute_mean_shape']
