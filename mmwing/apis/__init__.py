"""What a Python user calls."""

from .browsing import browse_dataset
from .resources import config_path, list_configs, tool_path
from .runner import (
    LAUNCHERS,
    build_runner,
    check_data,
    check_weights,
    exit_with_message,
    find_checkpoint,
    load_config,
)

__all__ = ['LAUNCHERS', 'browse_dataset', 'build_runner', 'check_data', 'check_weights',
           'config_path', 'exit_with_message', 'find_checkpoint', 'list_configs',
           'load_config', 'tool_path']
