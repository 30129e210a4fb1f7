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

    It takes the place of MMEngine's Python text, at ``meta['cfg']`` and in the message
    hub: whoever reads that must execute it, and so runs whatever code the author of the
    checkpoint put there.
    """

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Put the config as data in place of text; warn where JSON cannot say it."""
        try:
            text = dump(runner.cfg.to_dict(), file_format='json')
        except TypeError as error:
            runner.logger.warning(
                f'the config cannot be written as JSON ({error}): FaceLandmarker will '
                'need it by name or path beside the checkpoint')
            return
        checkpoint['meta'].pop('cfg', None)
        checkpoint.get('message_hub', {}).get('runtime_info', {}).pop('cfg', None)
        checkpoint['meta'][CONFIG_KEY] = text
