"""Losses on heat maps (N, K, H, W), for MMPose's HeatmapHead and its relatives.

Heat-map values lie in [0, 1], so a residual hardly exceeds 1 and Wing with the paper's
omega of 10 would be L1 in disguise, as on normalised coordinates. These losses have
defaults of their own. Any :class:`ResidualLoss` takes heat maps too, and warns where
its lengths are still those for pixels.
"""

import math
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from mmwing.arguments import is_number
from mmwing.registry import MODELS

from . import penalties
from .base import ResidualLoss, check_positive
from .regression import warn_extreme_ratio


class HeatmapLoss(ResidualLoss):
    """What the heat-map losses share: the weighted loss map, and the mean.

    The weighted loss map (Wang et al., ICCV 2019) multiplies the loss by
    ``foreground_weight + 1`` where the 3x3 dilation of the true heat map reaches
    ``foreground_threshold``: on the blob and the pixels around it, which are about
    one in a hundred.

    Args:
        foreground_weight (float): ``W``; 0 for no map. Defaults to 10, the paper's.
        foreground_threshold (float): Defaults to 0.2, the paper's.
        reduction (str): Defaults to ``'mean'``, as MMPose's heat-map losses.
        **kwargs: See :class:`ResidualLoss`; heat maps have no ``input_size``.

    Raises:
        ValueError: If an argument is no number or out of range.
    """

    target_kind = 'heat maps'

    def __init__(self,
                 foreground_weight: float = 10.0,
                 foreground_threshold: float = 0.2,
                 reduction: str = 'mean',
                 **kwargs: Any) -> None:
        super().__init__(reduction=reduction, **kwargs)
        name = type(self).__name__
        if not (is_number(foreground_weight) and 0 <= foreground_weight < math.inf):
            raise ValueError(f'{name}: foreground_weight must be a finite number, 0 or '
                             f'more, got {foreground_weight!r}')
        check_positive(name, foreground_threshold=foreground_threshold)
        self.foreground_weight = foreground_weight
        self.foreground_threshold = foreground_threshold

    def forward(self,
                output: Tensor,
                target: Tensor,
                target_weights: Tensor | None = None,
                mask: Tensor | None = None) -> Tensor:
        """Compute the loss; the names are those of MMPose's heat-map losses.

        Args:
            output (Tensor): Predicted heat maps, (N, K, H, W).
            target (Tensor): True heat maps in [0, 1], (N, K, H, W).
            target_weights (Tensor, optional): (N, K), (N, K, 1, 1) or (N, K, H, W).
            mask (Tensor, optional): Valid pixels, (N, 1, H, W) or (N, K, H, W).

        Returns:
            Tensor: See :meth:`ResidualLoss.forward`, as for the errors.
        """
        return super().forward(output, target, target_weights, mask)

    def elementwise(self, output: Tensor, target: Tensor) -> Tensor:
        """The penalty of each pixel times the weighted loss map."""
        loss = self.pixelwise(output, target)
        if self.foreground_weight == 0:
            return loss
        foreground = _dilated(target >= self.foreground_threshold)
        return loss * foreground.to(loss.dtype).mul_(self.foreground_weight).add_(1)

    def pixelwise(self, output: Tensor, target: Tensor) -> Tensor:
        """The penalty of each pixel."""
        return self.penalty(output - target)

    def _check(self, output: Tensor, target: Tensor) -> None:
        super()._check(output, target)
        if output.ndim != 4:
            raise ValueError(
                f'{type(self).__name__} takes heat maps (N, K, H, W), got '
                f'{tuple(output.shape)}; for coordinates use mmwing.WingLoss')


def _dilated(mask: Tensor) -> Tensor:
    """A mask (N, K, H, W), dilated by 3x3.

    Pooling the maximum of the heat maps says the same, but also finds where it is.
    """
    for dim in (-1, -2):
        size = mask.shape[dim]
        spread = F.pad(mask, (1, 1, 0, 0) if dim == -1 else (0, 0, 1, 1))
        mask = (spread.narrow(dim, 0, size) | spread.narrow(dim, 1, size)
                | spread.narrow(dim, 2, size))
    return mask


@MODELS.register_module()
class AdaptiveWingLoss(HeatmapLoss):
    """Adaptive Wing (Wang et al., ICCV 2019, arXiv 1904.07399).

    Wing whose curvature follows the true value ``y`` of the pixel: logarithmic with
    the exponent ``alpha - y``, so steep near 0 on the blob and L2-like on the
    background, and a smooth line beyond ``theta``; then the weighted loss map.

    MMPose's ``AdaptiveWingLoss`` has the same formula without the weighted loss map
    (``foreground_weight=0`` here), weights the heat maps instead of the loss, and by
    default not at all.

    Args:
        alpha (float): Exponent on the background; above 2. Defaults to 2.1.
        omega (float): Height of the logarithmic part. Defaults to 14.
        epsilon (float): Its curvature, in heat-map values. Defaults to 1.
        theta (float): Where it becomes a line, in heat-map values. Defaults to 0.5.
        **kwargs: See :class:`HeatmapLoss`.

    Example:
        >>> import mmwing, torch
        >>> output = torch.zeros(1, 1, 8, 8)  # heat maps (N, K, H, W)
        >>> target = torch.zeros(1, 1, 8, 8)
        >>> target[0, 0, 4, 4] = 1.
        >>> mmwing.AdaptiveWingLoss(foreground_weight=0)(output, target)  # of 64 pixels
        tensor(0.1603)
        >>> mmwing.AdaptiveWingLoss()(output, target)  # the foreground 11 times
        tensor(1.7633)
    """

    def __init__(self, alpha: float = 2.1, omega: float = 14.0, epsilon: float = 1.0,
                 theta: float = 0.5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_positive('AdaptiveWingLoss', alpha=alpha, omega=omega, epsilon=epsilon,
                       theta=theta)
        if alpha <= 2:
            raise ValueError('AdaptiveWingLoss: alpha must be above 2 (at 2 and below '
                             'the gradient at 0 of a foreground pixel is not 0), got '
                             f'{alpha!r}')
        self.alpha = alpha
        self.omega = omega
        self.epsilon = epsilon
        self.theta = theta

    def pixelwise(self, output: Tensor, target: Tensor) -> Tensor:
        """See :func:`penalties.adaptive_wing`."""
        return penalties.adaptive_wing(output - target, target, self.alpha,
                                       self.omega, self.epsilon, self.theta)

    def extra_repr(self) -> str:
        """Name the parameters."""
        return (f'alpha={self.alpha:g}, omega={self.omega:g}, '
                f'epsilon={self.epsilon:g}, theta={self.theta:g}')


@MODELS.register_module()
class HeatmapWingLoss(HeatmapLoss):
    """Wing on heat maps: :class:`WingLoss` with lengths in heat-map values.

    MMPose's ``WingLoss`` does not reduce a heat map to a scalar.

    The defaults are the best that a short comparison found (``docs/studies/
    heatmap_losses.md``): there an epsilon of 0.5 or less costs much, training without
    the weighted loss map fails, and Adaptive Wing and L2 do better than any Wing.

    Args:
        omega (float): Half the width of the logarithmic part, in heat-map values.
            Defaults to 0.5.
        epsilon (float): Its curvature, in heat-map values. Defaults to 1.
        **kwargs: See :class:`HeatmapLoss`.

    Example:
        >>> import mmwing, torch
        >>> output = torch.zeros(1, 1, 8, 8)  # heat maps (N, K, H, W)
        >>> target = torch.zeros(1, 1, 8, 8)
        >>> target[0, 0, 4, 4] = 1.
        >>> mmwing.HeatmapWingLoss()(output, target)  # (0.5 + 0.5 ln 1.5) 11 / 64
        tensor(0.1208)
    """

    def __init__(self, omega: float = 0.5, epsilon: float = 1.0,
                 **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_positive('HeatmapWingLoss', omega=omega, epsilon=epsilon)
        warn_extreme_ratio('HeatmapWingLoss', omega, epsilon)
        self.omega = omega
        self.epsilon = epsilon

    def penalty(self, residual: Tensor) -> Tensor:
        """See :func:`penalties.wing`."""
        return penalties.wing(residual, self.omega, self.epsilon)

    def extra_repr(self) -> str:
        """Name the parameters."""
        return f'omega={self.omega:g}, epsilon={self.epsilon:g}'
