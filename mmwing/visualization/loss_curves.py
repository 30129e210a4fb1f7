"""Value and gradient of each loss, and what is left of them without pixels."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from mmpose.models import losses as mmpose_losses
from torch import Tensor

from mmwing.files import replace_file
from mmwing.models import losses

Loss = Callable[[Tensor, Tensor], Tensor]
WIDTHS = ((5, 0.5), (5, 2), (10, 0.5), (10, 2), (15, 2), (15, 5))


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
    """Draw Figures 1 and 3 of Feng et al. (CVPR 2018), and the unit trap beside them.

    Left, the losses in pixels, and MMPose's the way its regression heads feed them;
    values above, gradients below. The right-hand column divides each curve by its
    value at a tenth of the input, as a learning rate would, so that shapes compare.

    Args:
        path: Where the picture goes; its suffix names the format (png, svg, pdf).
        input_size: Side of the network input in pixels, for MMPose's losses.

    Raises:
        ValueError: If ``input_size`` is not positive.
    """
    if not input_size > 0:
        raise ValueError(f'input_size must be positive, got {input_size!r}')
    figure = Figure(figsize=(13, 7.2), dpi=120, layout='constrained')
    FigureCanvasAgg(figure)
    axes = figure.subplots(2, 3, sharex='col')
    _draw_losses(axes[:, 0])
    _draw_wings(axes[:, 1])
    _draw_unit_trap(axes[:, 2], input_size)
    for panel in axes.flat:
        panel.grid(alpha=0.3)
    with replace_file(path) as draft:
        figure.savefig(draft)


def _draw_losses(axes: np.ndarray) -> None:
    errors = np.linspace(-20, 20, 801)
    pixel_losses = {
        'L2': losses.L2Loss(),
        'L1': losses.L1Loss(),
        'smooth L1': losses.SmoothL1Loss(),
        'Wing (10, 2)': losses.WingLoss(),
        'Rectified Wing (10, 2, r=0.5)': losses.RectifiedWingLoss(),
        'Soft Wing (2, 20, 0.5)': losses.SoftWingLoss(),
        'General robust (α=1, c=2)': losses.GeneralRobustLoss()}
    _plot(axes, pixel_losses, errors)
    axes[0].set(title='Losses in pixels', ylabel='value', ylim=(0, 60))
    axes[1].set(xlabel='error, pixels', ylabel='gradient', ylim=(-9, 9))
    axes[1].legend(fontsize=7, loc='upper left', handlelength=1.2)


def _draw_wings(axes: np.ndarray) -> None:
    errors = np.linspace(-20, 20, 801)
    wings = {f'w={omega:g}, ε={epsilon:g}': losses.WingLoss(omega, epsilon)
             for omega, epsilon in WIDTHS}
    _plot(axes, wings, errors)
    axes[0].set(title='Wing: width w and curvature ε', ylim=(0, 60))
    axes[1].set(xlabel='error, pixels', ylim=(-21, 21))
    axes[1].legend(fontsize=7, loc='upper left', handlelength=1.2)


def _draw_unit_trap(axes: np.ndarray, input_size: int) -> None:
    errors = np.linspace(0, 0.2 * input_size, 801)
    tenth = np.array([0.1 * input_size])
    pairs: Mapping[str, tuple[Loss, Loss]] = {
        'WingLoss': (losses.WingLoss(), mmpose_losses.WingLoss()),
        'SoftWingLoss': (losses.SoftWingLoss(), mmpose_losses.SoftWingLoss()),
        'SmoothL1Loss': (losses.SmoothL1Loss(), mmpose_losses.SmoothL1Loss())}
    for plain, label in ((losses.L1Loss(), 'L1 and L2'), (losses.L2Loss(), None)):
        _plot_relative(axes, plain, errors, tenth, 1, label=label, color='0.8',
                       linewidth=6)
    for color, (name, (ours, theirs)) in zip(('C3', 'C5', 'C2'), pairs.items(),
                                             strict=True):
        _plot_relative(axes, ours, errors, tenth, 1, label=f'{name}, pixels',
                       color=color)
        _plot_relative(axes, theirs, errors, tenth, input_size,
                       label=f'{name}, MMPose', color=color, linestyle='--')
    axes[0].set(title=f'MMPose normalises by the input ({input_size} px)\n'
                      f'(each curve relative to its value at {tenth[0]:.3g} px)',
                ylim=(0, 3))
    axes[1].set(xlabel='error, pixels', ylim=(0, 4))
    axes[0].legend(fontsize=7.5, loc='upper left')


def _plot(axes: np.ndarray, named: Mapping[str, Loss], errors: np.ndarray) -> None:
    for name, loss in named.items():
        for panel, values in zip(axes, curve(loss, errors), strict=True):
            panel.plot(errors, values, label=name, linewidth=1.4)


def _plot_relative(axes: np.ndarray, loss: Loss, errors: np.ndarray,
                   reference: np.ndarray, input_size: float, **style) -> None:
    panel: Axes
    for panel, values, unit in zip(axes, curve(loss, errors, input_size),
                                   curve(loss, reference, input_size), strict=True):
        panel.plot(errors, values / unit, **{'linewidth': 1.6, **style})
