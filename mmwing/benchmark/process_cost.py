"""Measure what a second process gains in training."""

from __future__ import annotations

import multiprocessing
import os
import socket
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

import torch
from mmengine.registry import init_default_scope
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

from .pipeline_cost import NETWORKS, build_network
from .turns import Table, compared, take_turns

BATCH = 32


def process_table(rounds: int, steps: int = 10, processes: int = 2) -> Table:
    """Measure training steps of CNN-6 on one process and on several with gloo.

    Each process has one thread, and its share of the batch of 32; what the data cost is
    left out. The time is that of the clock, without the start of the processes. What
    processes reach that exchange no gradients is the limit of the machine.

    Args:
        rounds: See :func:`.turns.take_turns`.
        steps: Of one measurement.
        processes: How many share the batch.
    """
    return compared(
        f'Training of cnn6, batches of {BATCH}, 1 and {processes} processes with gloo',
        'faces a second', take_turns({
            '1 process': partial(_rate, 1, steps),
            f'{processes} processes': partial(_rate, processes, steps),
            f'{processes} processes, no exchange': partial(_rate, processes, steps,
                                                           exchange=False)}, rounds))


def _rate(count: int, steps: int, exchange: bool = True) -> float:
    """Faces a second of all processes together."""
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    context = multiprocessing.get_context('spawn')
    with ProcessPoolExecutor(count, context) as pool:
        answers = [pool.submit(_train, rank, count, steps, port, exchange)
                   for rank in range(count)]
        return BATCH * steps / max(answer.result() for answer in answers)


def _train(rank: int, count: int, steps: int, port: int, exchange: bool) -> float:
    """Seconds of the steps, of which those that warm up are not counted."""
    torch.set_num_threads(1)
    os.environ.update(MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port))
    distributed.init_process_group('gloo', rank=rank, world_size=count)
    init_default_scope('mmpose')
    torch.manual_seed(0)
    model: Any = build_network('cnn6', {'type': 'PoseDataPreprocessor'}).train()
    network: torch.nn.Module = torch.nn.Sequential(model.backbone, model.head)
    if count > 1 and exchange:
        network = DistributedDataParallel(network)
    optimizer = torch.optim.Adam(network.parameters(), 1e-4, fused=True)
    side = NETWORKS['cnn6']
    images = torch.rand(BATCH // count, 3, side, side)
    start = 0.
    for step in range(-2, steps):
        if step == 0:
            distributed.barrier()
            start = time.perf_counter()
        optimizer.zero_grad()
        network(images).abs().mean().backward()
        optimizer.step()
    distributed.barrier()
    seconds = time.perf_counter() - start
    distributed.destroy_process_group()
    return seconds
