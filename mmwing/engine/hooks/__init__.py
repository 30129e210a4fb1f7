"""Hooks."""

from .epoch_seed_hook import EpochSeedHook
from .mean_shape_hook import MeanShapeHook
from .pipeline_switch_hook import PipelineSwitchHook
from .run_record_hook import RunRecordHook

__all__ = ['EpochSeedHook', 'MeanShapeHook', 'PipelineSwitchHook', 'RunRecordHook']
