"""Train with compiled networks and losses."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn

from mmwing.engine.unwrapped import unwrapped_model
from mmwing.registry import HOOKS


@HOOKS.register_module()
class CompileHook(Hook):
    """Compile backbones, necks, heads and losses when the training begins.

    MMEngine's ``compile = True`` compiles a whole step, with data samples and logs that
    no compiler understands: it breaks into many graphs. Here each part that computes is
    one graph, or an error says where it would break. Checkpoints stay as they are. On a
    CPU a C++ compiler must be there. A loss that ``LossSwitchHook`` brings later is not
    compiled.

    Args:
        **options: Of :func:`torch.compile`, such as ``mode='max-autotune'``;
            ``fullgraph`` is true by default.
    """

    def __init__(self, **options: Any) -> None:
        self.options = options

    def before_train(self, runner: Runner) -> None:
        """Compile, after a checkpoint has been loaded."""
        compile_parts(unwrapped_model(runner), **self.options)


def compile_parts(model: nn.Module, **options: Any) -> None:
    """Compile what computes in a pose estimator or a cascade of them, in place.

    Args:
        model: The estimator.
        **options: See :class:`CompileHook`.
    """
    options = {'fullgraph': True, **options}
    for module in list(model.modules()):
        for name in ('backbone', 'neck', 'loss_module'):
            part = getattr(module, name, None)
            if isinstance(part, nn.Module):
                part.compile(**options)
        head = getattr(module, 'head', None)
        if isinstance(head, nn.Module):
            # Heads are not called: their losses call what computes the landmarks.
            method = '_regress' if hasattr(head, '_regress') else 'forward'
            setattr(head, method, torch.compile(getattr(head, method), **options))
