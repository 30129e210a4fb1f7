"""Train with channels last in memory."""

from __future__ import annotations

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmwing.engine.unwrapped import unwrapped_model
from mmwing.registry import HOOKS


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Lay out the weights with channels last when the training begins.

    Convolutions whose weights lie so hand on maps that do, too. Results are the same
    but for the order of sums, and checkpoints are read either way. Whether it is faster
    depends on the hardware: ``mmwing benchmark arithmetic`` measures it.
    """

    def before_train(self, runner: Runner) -> None:
        """Change the layout, after a checkpoint has been loaded."""
        model: torch.nn.Module = unwrapped_model(runner)
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
