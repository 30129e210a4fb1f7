"""Measure time and memory of losses against MMPose's and PyTorch's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from mmpose.models import losses as mmpose_losses
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from mmwing.models import losses

from .turns import Table, can_compile, compared, milliseconds, take_turns

Loss = Callable[[Tensor, Tensor], Tensor]

#: Output and target: 98 landmarks of 64 faces in pixels, and heat maps of 32 faces.
COORDINATES, HEAT_MAPS = (64, 98, 2), (32, 98, 64, 64)


def loss_tables(rounds: int, heatmap_rounds: int, device: str = 'cpu',
                compiled: bool = True) -> list[Table]:
    """Time forward and backward of losses, on coordinates and on heat maps.

    Args:
        rounds: On coordinates.
        heatmap_rounds: On heat maps, of which each takes a second on one core; 0 leaves
            them out.
        device: Where the tensors are.
        compiled: Whether to measure ``torch.compile`` of our losses, too; on a CPU
            that takes a C++ compiler, and without one they are left out.
    """
    compiled = compiled and can_compile(device)
    tables = [
        *_wing(COORDINATES, 64., rounds, device, compiled),
        _table('Smooth L1', {'PyTorch': F.smooth_l1_loss,
                             'mmwing': losses.SmoothL1Loss()},
               COORDINATES, 64., rounds, device, compiled),
        _table('L1', {'PyTorch': F.l1_loss, 'mmwing': losses.L1Loss()},
               COORDINATES, 64., rounds, device, compiled)]
    if heatmap_rounds:
        tables += [
            *_wing(HEAT_MAPS, 1., heatmap_rounds, device, False),
            _table('Adaptive Wing', {
                'MMPose': mmpose_losses.AdaptiveWingLoss(),
                'mmwing': losses.AdaptiveWingLoss(),
                # What MMPose's computes.
                'mmwing, without the weighted loss map':
                    losses.AdaptiveWingLoss(foreground_weight=0)},
                HEAT_MAPS, 1., heatmap_rounds, device, False)]
    return tables


def _wing(shape: tuple[int, ...], scale: float, rounds: int, device: str,
          compiled: bool) -> list[Table]:
    """Wing without weights and with one for each landmark."""
    weight = torch.ones(*shape[:2], *[1] * (len(shape) - 2), device=device)
    ours, theirs = losses.WingLoss(), mmpose_losses.WingLoss(use_target_weight=True)
    return [
        _table('Wing', {'MMPose': mmpose_losses.WingLoss(), 'mmwing': ours},
               shape, scale, rounds, device, compiled),
        _table('Wing, weighted', {'MMPose': lambda o, t: theirs(o, t, weight),
                                  'mmwing': lambda o, t: ours(o, t, weight)},
               shape, scale, rounds, device, compiled)]


def _table(name: str, ways: dict[str, Loss], shape: tuple[int, ...], scale: float,
           rounds: int, device: str, compiled: bool) -> Table:
    if compiled:
        ways['mmwing, compiled'] = torch.compile(ways['mmwing'], fullgraph=True)
    times, peaks = measure_losses(ways, shape, scale, rounds, device)
    return compared(f'{name}, forward and backward, {shape}', 'ms', times,
                    {'peak, in tensors of the output': peaks})


def measure_losses(ways: Mapping[str, Loss], shape: tuple[int, ...], scale: float,
                   rounds: int, device: str = 'cpu'
                   ) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Measure forward and backward of several losses, in turn.

    Args:
        ways: Losses by name; what is not a scalar is summed.
        shape: Of output and target.
        scale: Output and target are uniform in [0, scale].
        rounds: How often; one more round warms up.
        device: Where the tensors are.

    Returns:
        Milliseconds of each round (rounds, ), and the most memory held at once beyond
        output and target, in multiples of the output's; the gradient of the output is
        one of them. Both by the same names.

    Raises:
        ValueError: If there is nothing to measure or ``rounds`` is not positive.
    """
    generator = torch.Generator().manual_seed(0)
    output = (scale * torch.rand(shape, generator=generator)).to(
        device).requires_grad_()
    target = (scale * torch.rand(shape, generator=generator)).to(device)

    def run(loss: Loss) -> None:
        output.grad = None
        loss(output, target).sum().backward()

    times = take_turns({name: partial(milliseconds, partial(run, loss), device)
                        for name, loss in ways.items()}, rounds)
    peaks = {}
    for name, loss in ways.items():
        output.grad = None
        peaks[name] = _peak_bytes(partial(run, loss), device) / output.nbytes
    return times, peaks


def _peak_bytes(run: Callable[[], None], device: str) -> int:
    """Most bytes of tensors that ``run`` holds at once, beyond what was there."""
    if torch.device(device).type == 'cuda':
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        run()
        return torch.cuda.max_memory_allocated(device) - before
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        run()
    events = [event for event in profiler.profiler.kineto_results.events()
              if event.name() == '[memory]']
    held = np.cumsum([event.nbytes() for event in
                      sorted(events, key=lambda event: event.start_ns())])
    return int(held.max(initial=0))
