"""Several processes without a GPU: start and stop gloo."""

from __future__ import annotations

import gc
import os

from mmengine.config import Config


def init_cpu_distributed(cfg: Config) -> None:
    """Start gloo where a launcher is given but there is no accelerator.

    MMEngine's own start calls ``torch.cuda.set_device`` and hands device ids
    to DistributedDataParallel, neither of which a CPU has.
    """
    import torch
    import torch.distributed as dist

    if cfg.get('launcher', 'none') == 'none' or torch.cuda.is_available():
        return
    if cfg.launcher != 'pytorch':
        raise ValueError(
            f'launcher {cfg.launcher!r} needs CUDA devices and none is visible; '
            "on CPUs use --launcher pytorch (tools/dist_train.sh)")
    if 'RANK' not in os.environ:
        raise ValueError('launcher "pytorch" needs the variables that torchrun '
                         'sets; start with tools/dist_train.sh CONFIG PROCESSES')
    if not dist.is_initialized():
        dist.init_process_group('gloo')
    cfg.model_wrapper_cfg = dict(
        type='MMDistributedDataParallel',
        find_unused_parameters=cfg.get('find_unused_parameters', False),
        # Given, so that MMEngine does not fill in the id of a GPU.
        device_ids=None,
        broadcast_buffers=False)


def end_cpu_distributed() -> None:
    """Close gloo together, once all that uses it is gone.

    Left to the end of the interpreter, a thread of gloo may still run when its
    owner is destroyed, and the process aborts after all of its work is done.
    """
    import torch.distributed as dist

    if not dist.is_available() or not dist.is_initialized():
        return
    if dist.get_backend() == 'gloo':
        gc.collect()  # the runner and the wrapped model refer to each other
        dist.barrier()
        dist.destroy_process_group()
