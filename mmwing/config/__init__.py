"""Load, check, rewrite and run configs."""

from .boxes import count_without_box, with_box_error, with_box_file
from .browsing import browse_dataset
from .checkpoint import (
    check_weights,
    find_checkpoint,
    latest_checkpoint,
    resume_latest,
)
from .checks import check_losses
from .data import check_data
from .device_path import augment_on_device, write_canvases
from .load import load_config
from .mmdet_names import replace_mmdet_names
from .options import ConfigOptions, merge_options
from .precision import use_mixed_precision
from .program import exit_with_message
from .runner import LAUNCHERS, build_runner
from .swap import HEADS, Change, Swap, swap_loss

__all__ = ['HEADS', 'LAUNCHERS', 'Change', 'ConfigOptions', 'Swap', 'augment_on_device',
           'browse_dataset', 'build_runner',
           'check_data', 'check_losses', 'check_weights', 'count_without_box',
           'exit_with_message', 'find_checkpoint', 'latest_checkpoint', 'load_config',
           'merge_options',
           'replace_mmdet_names', 'resume_latest', 'swap_loss', 'use_mixed_precision',
           'with_box_error', 'with_box_file', 'write_canvases']
