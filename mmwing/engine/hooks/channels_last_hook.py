"""Train with channels last in memory."""

from __future__ import annotations

import torch
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapperDict
from mmengine.runner import Runner
from mmengine.utils import apply_to

from mmwing.engine.unwrapped import unwrapped_model
from mmwing.registry import HOOKS


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Lay out the weights with channels last when the training begins.

    Convolutions whose weights lie so hand on maps that do, too. Results are the same
    but for the order of sums, and checkpoints are read either way, also to resume.
    Whether it is faster depends on the hardware: ``mmwing benchmark arithmetic``
    measures it.
    """

    def before_train(self, runner: Runner) -> None:
        """Change the layout, after a checkpoint has been loaded."""
        model: torch.nn.Module = unwrapped_model(runner)
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        wrappers = (list(runner.optim_wrapper.values())
                    if isinstance(runner.optim_wrapper, OptimWrapperDict)
                    else [runner.optim_wrapper])
        # Fused optimisers walk through memory: a moment that a checkpoint brought in
        # the usual layout would be taken for that of other weights.
        for wrapper in wrappers:
            for state in wrapper.optimizer.state.values():
                state.update({
                    name: value.contiguous(memory_format=torch.channels_last)
                    for name, value in state.items() if _is_map(value)})

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Save moments in the usual layout, for runs that are resumed without."""
        if 'optimizer' in checkpoint:
            checkpoint['optimizer'] = apply_to(checkpoint['optimizer'], _is_map,
                                               torch.Tensor.contiguous)


def _is_map(value: object) -> bool:
    return isinstance(value, torch.Tensor) and value.ndim == 4
