"""Draw what is left of losses in pixels when coordinates are normalised."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from matplotlib.axes import Axes
from mmpose.models import losses as mmpose_losses
from torch import Tensor

from mmwing.models import losses
from mmwing.visualization.figure import COLORS, figure_file

Loss = Callable[[Tensor, Tensor], Tensor]


def curve(loss: Loss, errors: np.ndarray,
          input_size: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Value and gradient of a loss at given errors.

    Args:
        loss: Takes output and target (1, 1, 2) and gives a scalar; any of mmwing's or
            MMPose's coordinate losses. Only x is off; the share of y, 0, adds nothing.
        errors: Errors (n, ) in pixels.
        input_size: The loss sees the errors divided by it: 1 for pixels, the side of
            the network input for normalised coordinates.

    Returns:
        tuple: Values (n, ), and their derivatives (n, ) with respect to the error in
        pixels.
    """
    output = torch.zeros(len(errors), 1, 1, 2, dtype=torch.float64)
    output[:, 0, 0, 0] = torch.from_numpy(np.asarray(errors, dtype=np.float64))
    output.requires_grad_()
    values = torch.stack([loss(o / input_size, torch.zeros_like(o)) for o in output])
    gradient, = torch.autograd.grad(values.sum(), output)
    return values.detach().numpy(), gradient[:, 0, 0, 0].numpy()


def draw_loss_curves(path: str | Path, input_size: int = 256) -> None:
    """Draw each loss in pixels, and MMPose's as its regression heads feed it.

    MMPose's heads divide coordinates by the input size first. Each curve is divided by
    its value at a tenth of the input, as a learning rate would, so that shapes compare.

    Args:
        path: Where the picture goes; its suffix names the format (png, svg, pdf).
        input_size: Side of the network input in pixels, for MMPose's losses.

    Raises:
        ValueError: If ``input_size`` is not positive.
    """
    if not input_size > 0:
        raise ValueError(f'input_size must be positive, got {input_size!r}')
    errors = np.linspace(0, 0.2 * input_size, 801)
    tenth = np.array([0.1 * input_size])
    pairs: Mapping[str, tuple[Loss, Loss]] = {
        'WingLoss': (losses.WingLoss(), mmpose_losses.WingLoss()),
        'SoftWingLoss': (losses.SoftWingLoss(), mmpose_losses.SoftWingLoss()),
        'SmoothL1Loss': (losses.SmoothL1Loss(), mmpose_losses.SmoothL1Loss())}
    with figure_file(path, width=8., height=4.8) as figure:
        axes = figure.subplots(1, 2)
        for plain, label in ((losses.L1Loss(), 'L1 and L2'), (losses.L2Loss(), None)):
            _plot(axes, plain, errors, tenth, 1, label=label, color='0.8', linewidth=7)
        for color, (name, (ours, theirs)) in zip(COLORS, pairs.items(), strict=False):
            _plot(axes, ours, errors, tenth, 1, label=f'{name}, pixels (mmwing)',
                  color=color, linestyle='-')
            _plot(axes, theirs, errors, tenth, input_size, color=color, linestyle='--',
                  label=f'{name}, coordinates in [0, 1] (MMPose)')
        figure.suptitle(
            f'Losses in pixels, and on coordinates divided by an input of {input_size} '
            f'pixels:\nthe latter, dashed, lie on L1 or L2', fontsize=11)
        for panel, name, limit in zip(axes, ('value', 'gradient'), (3, 4), strict=True):
            panel.set_title(f'{name}, relative to that at {tenth[0]:.3g} pixels',
                            fontsize=10)
            panel.set(xlabel='error, pixels', ylim=(0, limit))
            panel.grid(alpha=0.3)
        lines, labels = axes[0].get_legend_handles_labels()
        # The pairs first, each in one column.
        figure.legend(lines[1:] + lines[:1], labels[1:] + labels[:1], ncols=2,
                      fontsize=9, loc='outside lower center', frameon=False)


def _plot(axes: np.ndarray, loss: Loss, errors: np.ndarray, reference: np.ndarray,
          input_size: float, **style) -> None:
    panel: Axes
    for panel, values, unit in zip(axes, curve(loss, errors, input_size),
                                   curve(loss, reference, input_size), strict=True):
        panel.plot(errors, values / unit, **{'linewidth': 1.6, **style})
