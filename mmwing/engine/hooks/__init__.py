"""Hooks."""

from .checkpoint_config_hook import CheckpointConfigHook
from .epoch_seed_hook import EpochSeedHook
from .mean_shape_hook import MeanShapeHook
from .pipeline_switch_hook import PipelineSwitchHook
from .run_record_hook import RunRecordHook

__all__ = ['CheckpointConfigHook', 'EpochSeedHook', 'MeanShapeHook',
           'PipelineSwitchHook', 'RunRecordHook']
