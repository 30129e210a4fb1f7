"""Hooks."""

from .channels_last_hook import ChannelsLastHook
from .checkpoint_config_hook import CheckpointConfigHook
from .compile_hook import CompileHook
from .epoch_seed_hook import EpochSeedHook
from .loss_annealing_hook import LossAnnealingHook
from .loss_switch_hook import LossSwitchHook
from .mean_shape_hook import MeanShapeHook
from .pipeline_switch_hook import PipelineSwitchHook
from .run_record_hook import RunRecordHook

__all__ = ['ChannelsLastHook', 'CheckpointConfigHook', 'CompileHook', 'EpochSeedHook',
           'LossAnnealingHook', 'LossSwitchHook', 'MeanShapeHook',
           'PipelineSwitchHook', 'RunRecordHook']
