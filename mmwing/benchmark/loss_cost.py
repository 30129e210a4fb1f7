"""Measure time and memory of a loss against other losses."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from mmpose.models import losses as mmpose_losses
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from mmwing.models.losses import WingLoss

Loss = Callable[[Tensor, Tensor], Tensor]


class LossCost(NamedTuple):
    """What one forward and backward pass costs.

    Attributes:
        milliseconds: Of each round (rounds, ).
        peak_tensors: Most memory held at once beyond output and target, in multiples
            of the output's; the gradient of the output is one of them.
    """

    milliseconds: np.ndarray
    peak_tensors: float

    def quartiles(self) -> np.ndarray:
        """25th, 50th and 75th percentile of the time, in milliseconds (3, )."""
        return np.percentile(self.milliseconds, [25, 50, 75])


def compare_wing(shape: tuple[int, ...], scale: float,
                 rounds: int) -> dict[str, LossCost]:
    """Measure mmwing's WingLoss against MMPose's, with and without weights.

    The arguments are those of :func:`measure_losses`; the weights are 1 for each of
    the first two dimensions of ``shape``.
    """
    weight = torch.ones(*shape[:2], *[1] * (len(shape) - 2))
    ours, theirs = WingLoss(), mmpose_losses.WingLoss()
    theirs_weighted = mmpose_losses.WingLoss(use_target_weight=True)
    return measure_losses({
        'MMPose': theirs,
        'mmwing': ours,
        'MMPose, weights': lambda o, t: theirs_weighted(o, t, weight),
        'mmwing, weights': lambda o, t: ours(o, t, weight),
    }, shape, scale, rounds)


def measure_losses(losses: Mapping[str, Loss], shape: tuple[int, ...], scale: float,
                   rounds: int) -> dict[str, LossCost]:
    """Measure forward and backward of several losses on the CPU, interleaved.

    Each round runs every loss once, so that whatever else the machine does hits all
    alike; every second round runs them in the reverse order, as who comes first finds
    other caches.

    Args:
        losses: By name; what is not a scalar is summed.
        shape: Of output and target, e.g. (64, 98, 2) or (32, 98, 64, 64).
        scale: Output and target are uniform in [0, scale].
        rounds: How often; one more round warms up.

    Returns:
        dict[str, LossCost]: By the same names.

    Raises:
        ValueError: If there is nothing to measure or ``rounds`` is not positive.
    """
    if not losses or rounds < 1:
        raise ValueError('losses must not be empty and rounds at least 1, got '
                         f'{list(losses)} and {rounds}')
    generator = torch.Generator().manual_seed(0)
    output = (scale * torch.rand(shape, generator=generator)).requires_grad_()
    target = scale * torch.rand(shape, generator=generator)

    def run(loss: Loss) -> None:
        output.grad = None
        loss(output, target).sum().backward()

    times: dict[str, list[float]] = {name: [] for name in losses}
    for index in range(rounds + 1):
        for name in list(losses)[::1 if index % 2 else -1]:
            start = time.perf_counter()
            run(losses[name])
            if index:
                times[name].append(1000 * (time.perf_counter() - start))
    costs = {}
    for name, loss in losses.items():
        output.grad = None
        peak = _peak_bytes(partial(run, loss))
        costs[name] = LossCost(np.array(times[name]), peak / output.nbytes)
    return costs


def _peak_bytes(run: Callable[[], None]) -> int:
    """Most bytes of tensors that ``run`` holds at once, beyond what was there."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        run()
    events = [event for event in profiler.profiler.kineto_results.events()
              if event.name() == '[memory]']
    held = np.cumsum([event.nbytes() for event in
                      sorted(events, key=lambda event: event.start_ns())])
    return int(held.max(initial=0))
