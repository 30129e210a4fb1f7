"""Store the config in checkpoints as data."""

from __future__ import annotations

from mmengine.fileio import dump
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmwing.registry import HOOKS

#: Where a checkpoint holds the config, in its ``meta``.
CONFIG_KEY = 'config_json'


@HOOKS.register_module()
class CheckpointConfigHook(Hook):
    """Write the config into each checkpoint as JSON, at ``meta['config_json']``.

    MMEngine writes it as Python text, at ``meta['cfg']``. Whoever reads that must
    execute it, and so runs whatever code the author of the checkpoint put there.
    :class:`mmwing.FaceLandmarker` reads the JSON alone.
    """

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Add the config; warn where it holds what JSON cannot say."""
        try:
            text = dump(runner.cfg.to_dict(), file_format='json')
        except TypeError as error:
            runner.logger.warning(
                f'the config cannot be written as JSON ({error}): FaceLandmarker will '
                'need it by name or path beside the checkpoint')
            return
        checkpoint['meta'][CONFIG_KEY] = text
