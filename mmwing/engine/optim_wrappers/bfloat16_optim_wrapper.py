"""Train in mixed precision on CPUs (bfloat16)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.optim import OptimWrapper
from mmengine.runner.amp import autocast
from torch import nn

from mmwing.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class BFloat16OptimWrapper(OptimWrapper):
    """MMEngine's ``OptimWrapper`` with the forward pass in bfloat16.

    MMEngine's ``AmpOptimWrapper`` refuses to run on a CPU, because its gradient scaler
    does. bfloat16 has the range of float32 and needs no scaler. Weights, gradients and
    the optimiser's state stay float32, losses are computed in float32. Made for CPUs
    with units for bfloat16 (AMX, AVX512-BF16, Arm BF16); on others it is several times
    slower than float32, and ``mmwing train --amp`` leaves it out. MMPose's own
    regression heads cannot be trained so: they count their accuracy in numpy, which
    knows no bfloat16.

    Args:
        **kwargs: As MMEngine's ``OptimWrapper``.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """The parent's context, with bfloat16 for what gains from it."""
        with super().optim_context(model), autocast(dtype=torch.bfloat16):
            yield
