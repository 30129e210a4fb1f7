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
    """Draw the gradient of each loss in pixels, and of MMPose's as its heads feed it.

    MMPose's regression heads divide coordinates by the input size first. Each curve is
    divided by its value at a tenth of the input, as a learning rate would, so that
    shapes compare: MMPose's lie on L1 or L2.

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
    with figure_file(path, width=5.6, height=5.) as figure:
        panel: Axes = figure.subplots()

        def draw(loss: Loss, unit: float, **style) -> None:
            gradient, reference = (curve(loss, at, unit)[1] for at in (errors, tenth))
            panel.plot(errors, gradient / reference, **{'linewidth': 1.6, **style})

        for color, (name, (ours, theirs)) in zip(COLORS, pairs.items(), strict=False):
            draw(ours, 1, label=f'{name}, pixels (mmwing)', color=color)
            draw(theirs, input_size, label=f'{name}, [0, 1] (MMPose)', color=color,
                 linestyle='--')
        for plain, label in ((losses.L1Loss(), 'L1 and L2'), (losses.L2Loss(), None)):
            draw(plain, 1, label=label, color='0.8', linewidth=7, zorder=1)
        panel.set_title(f'Gradient, relative to that at {tenth[0]:.3g} of {input_size} '
                        'pixels', fontsize=10)
        panel.set(xlabel='error, pixels', xlim=(0, errors[-1]), ylim=(0, 4))
        panel.grid(alpha=0.3)
        figure.legend(ncols=2, fontsize=9, loc='outside lower center', frameon=False)
