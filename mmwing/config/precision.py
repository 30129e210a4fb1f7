"""Mixed precision where the hardware gains from it."""

from __future__ import annotations

import platform

import torch
from mmengine.config import Config
from mmengine.device import (
    is_cuda_available,
    is_mlu_available,
    is_musa_available,
    is_npu_available,
)
from mmengine.logging import print_log

_PLAIN = 'OptimWrapper'


def use_mixed_precision(cfg: Config) -> None:
    """Train in mixed precision, as MMPose's ``--amp``, if that makes training faster.

    Accelerators get MMEngine's ``AmpOptimWrapper``, CPUs with units for bfloat16
    :class:`mmwing.BFloat16OptimWrapper`. A CPU without such units would emulate
    bfloat16, ten times slower than float32: it trains in float32, and one line of the
    log says so.

    Args:
        cfg: Config of a training; changed in place.

    Raises:
        ValueError: If the config has an optimiser wrapper of another kind.
    """
    accelerated = any((is_cuda_available(), is_npu_available(), is_mlu_available(),
                       is_musa_available()))
    # MMEngine's own does not run on CPUs.
    amp = 'AmpOptimWrapper' if accelerated else 'mmwing.BFloat16OptimWrapper'
    wrapper = cfg.optim_wrapper.get('type', _PLAIN)
    if wrapper not in (_PLAIN, amp):
        raise ValueError(f'--amp needs optim_wrapper.type {_PLAIN} or {amp}, the '
                         f'config has {wrapper!r}')
    if not accelerated and not has_bfloat16_units():
        print_log('this CPU has no units for bfloat16 (AVX512-BF16, AMX or Arm BF16): '
                  '--amp would be slower, the training is in float32', 'current')
        cfg.optim_wrapper.type = _PLAIN
        return
    cfg.optim_wrapper.type = amp
    if accelerated:
        cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')


def has_bfloat16_units() -> bool:
    """Whether this CPU has units for bfloat16: AVX512-BF16, AMX or Arm BF16."""
    if platform.machine().lower() in ('aarch64', 'arm64'):
        # On Arm oneDNN asks for the instructions; on x86 it is content with AVX-512.
        return (torch.backends.mkldnn.is_available()
                and torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return (torch.cpu._is_avx512_bf16_supported()
            or torch.cpu._is_amx_tile_supported())
