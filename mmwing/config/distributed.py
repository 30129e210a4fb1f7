"""Several processes: the same figures as one, and gloo where there is no GPU."""

from __future__ import annotations

import gc
import os
from contextlib import suppress

from mmengine.config import Config


def share_whole_batches(cfg: Config) -> None:
    """Let several processes evaluate in the batches of a single one.

    Loaders of validation and test with MMEngine's sampler in the order of the data set
    get :class:`mmwing.WholeBatchSampler`; others stay as they are.
    """
    if cfg.get('launcher', 'none') == 'none':
        return
    for split in ('val', 'test'):
        loader = cfg.get(f'{split}_dataloader') or {}
        sampler = loader.get('sampler') or {}
        if (sampler.get('type') == 'DefaultSampler' and sampler.get('shuffle') is False
                and loader.get('batch_size') and not loader.get('batch_sampler')):
            loader['sampler'] = {'type': 'mmwing.WholeBatchSampler',
                                 'batch_size': loader['batch_size']}


def is_first_process() -> bool:
    """Whether this process is the only one of its job or the first of several.

    By what launchers set, so that it is known before the processes are connected.
    """
    ranks = (os.environ.get(name) for name in
             ('RANK', 'SLURM_PROCID', 'OMPI_COMM_WORLD_RANK'))
    return int(next(filter(None, ranks), 0)) == 0


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


def end_distributed() -> None:
    """Remove the empty folder of results; close gloo together, once it is not used.

    Left to the end of the interpreter, a thread of gloo may still run when its
    owner is destroyed, and the process aborts after all of its work is done.
    """
    import torch.distributed as dist

    if not dist.is_available() or not dist.is_initialized():
        return
    if is_first_process():
        # Where MMEngine collects results, and what it leaves behind. Another job's are
        # in there if it is not empty.
        with suppress(OSError):
            os.rmdir('.dist_test')
    if dist.get_backend() == 'gloo':
        gc.collect()  # the runner and the wrapped model refer to each other
        dist.barrier()
        dist.destroy_process_group()
