"""The likelihood of an error whose size is predicted, built on a penalty."""

from __future__ import annotations

import math

import torch
from scipy.integrate import quad
from torch import Tensor, nn

from .base import ResidualLoss, is_number

# Beyond this a density that falls as slowly as one over a power counts as endless.
_FAR = 1e6


class ErrorLikelihood(nn.Module):
    """Negative log-likelihood of the distance from a landmark, given what was expected.

    A penalty rho is the negative logarithm of a density, up to a factor. Here that
    density lies around a landmark, the same in all directions, with a scale s:

        p(x, y) = exp(-rho(r / s)) / (Z s^2),  r = sqrt(x^2 + y^2),
        Z = 2 pi * integral of u exp(-rho(u)) over u > 0.

    Under it the mean of r is M s, with M = 2 pi * integral of u^2 exp(-rho(u)) / Z.
    The network predicts this mean, m, which is in pixels whatever the penalty:

        -ln p = rho(M r / m) + 2 ln m + ln(Z / M^2).

    It is least, on average, where m is the mean of r. Barron (CVPR 2019, eq. 16) does
    the same with his loss and one scale for all; Li et al. (ICCV 2021, RLE) learn the
    density, too. For L1, rho(u) = u, r follows a gamma distribution of shape 2.

    Args:
        loss (ResidualLoss): Whose penalty it is; its lengths are in units of the scale
            here, its ``input_size``, reduction and weights do not count.

    Raises:
        ValueError: If the penalty grows too slowly to be a density with a mean, or
            needs the target, as :class:`mmwing.AdaptiveWingLoss` does.

    Example:
        >>> import torch
        >>> from mmwing import L1Loss
        >>> likelihood = ErrorLikelihood(L1Loss())
        >>> likelihood.mean  # of r for s = 1
        2.0
        >>> distance = torch.tensor(3.)
        >>> means = torch.tensor([1., 3., 9.])
        >>> likelihood(distance, means.log()).argmin()
        tensor(1)
    """

    def __init__(self, loss: ResidualLoss) -> None:
        super().__init__()
        # The penalty and not the loss: what exchanges a model's losses must not find
        # one whose moments, below, it would not compute anew.
        self.penalty = loss.penalty
        mass, first = (_moment(loss, power) for power in (1, 2))
        #: Mean of r for a scale of 1.
        self.mean = round(first / mass, 12)
        self._constant = math.log(2 * math.pi * mass / self.mean**2)

    def forward(self, distance: Tensor, log_expected: Tensor) -> Tensor:
        """Compute the negative log-likelihood of each.

        Args:
            distance (Tensor): r in pixels, any shape.
            log_expected (Tensor): ln m in the same shape.

        Returns:
            Tensor: In the same shape.
        """
        in_scales = distance * (self.mean * torch.exp(-log_expected))
        return self.penalty(in_scales) + 2 * log_expected + self._constant


def _moment(loss: ResidualLoss, power: int) -> float:
    """Integral of u^power exp(-penalty(u)) over u > 0."""
    def density(distance: float) -> float:
        # On the CPU also where a model is built without memory, on 'meta'.
        residual = torch.tensor(distance, dtype=torch.float64, device='cpu')
        return distance**power * math.exp(-float(loss.penalty(residual)))

    name = type(loss).__name__
    try:
        # Where the penalty bends is not known: parts, each ten times the former.
        edges = [0., *(10.**exponent for exponent in range(-3, 7))]
        parts = [quad(density, low, high, limit=200)[0]
                 for low, high in zip(edges[:-1], edges[1:], strict=True)]
    except NotImplementedError as error:
        raise ValueError(f'{name} needs more than a residual and has no likelihood '
                         "here: likelihood=dict(type='mmwing.L1Loss')") from error
    total = math.fsum(parts)
    if not (is_number(total) and 0 < total < math.inf) or (
            density(_FAR) * _FAR > 1e-6 * total):
        raise ValueError(f'{loss} grows too slowly: a density built on it has '
                         'no mean. Choose another penalty for the confidence, '
                         "likelihood=dict(type='mmwing.L1Loss')")
    return total
