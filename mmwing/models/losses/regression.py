"""Losses on coordinates: each holds the parameters of one penalty and names it.

Every length is in **pixels of the network input**. The defaults are the papers', made
for inputs of about 64 pixels; as Wing with (omega, epsilon) on ``s x`` is ``s`` times
Wing with (omega/s, epsilon/s) on ``x``, the same shape at 256 pixels is omega=40,
epsilon=8. All take the arguments of :class:`ResidualLoss`.
"""

import math
import warnings
from typing import Any

from torch import Tensor

from mmwing.arguments import is_number
from mmwing.registry import MODELS

from . import penalties
from .base import ResidualLoss, check_positive


@MODELS.register_module()
class L2Loss(ResidualLoss):
    """Half the squared residual, ``x^2 / 2``, as Feng et al. (CVPR 2018) define L2.

    Differs from MMPose's ``MSELoss`` in the factor 1/2, in the weights (outside the
    square) and in the reduction.

    Example:
        >>> import mmwing, torch
        >>> output = torch.tensor([[[30., 20.]]])  # (N, K, 2), pixels of the input
        >>> target = torch.tensor([[[30., 23.]]])
        >>> mmwing.L2Loss()(output, target)  # 3**2 / 2
        tensor(4.5000)
    """

    def penalty(self, residual: Tensor) -> Tensor:
        """See :func:`penalties.l2`."""
        return penalties.l2(residual)


@MODELS.register_module()
class L1Loss(ResidualLoss):
    """The absolute residual, ``|x|``.

    Example:
        >>> import mmwing, torch
        >>> output = torch.tensor([[[30., 20.]]])  # (N, K, 2), pixels of the input
        >>> target = torch.tensor([[[30., 23.]]])
        >>> mmwing.L1Loss()(output, target)
        tensor(3.)
    """

    def penalty(self, residual: Tensor) -> Tensor:
        """See :func:`penalties.l1`."""
        return penalties.l1(residual)


@MODELS.register_module()
class SmoothL1Loss(ResidualLoss):
    """``x^2 / (2 beta)`` below ``beta``, else ``|x| - beta/2``.

    Feng et al. (CVPR 2018) compare with ``beta = 1`` pixel. MMPose's ``SmoothL1Loss``
    has ``beta = 1`` too, but of the whole input: on normalised coordinates it is
    L2.

    Args:
        beta (float): Where the square becomes a line, in pixels. Defaults to 1.0.
        **kwargs: See :class:`ResidualLoss`.

    Example:
        >>> import mmwing, torch
        >>> output = torch.tensor([[[30., 20.]]])  # (N, K, 2), pixels of the input
        >>> target = torch.tensor([[[30., 23.]]])
        >>> mmwing.SmoothL1Loss(beta=1)(output, target)  # 3 - 1 / 2
        tensor(2.5000)
    """

    lengths = ('beta', )

    def __init__(self, beta: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_positive('SmoothL1Loss', beta=beta)
        self.beta = beta

    def penalty(self, residual: Tensor) -> Tensor:
        """See :func:`penalties.smooth_l1`."""
        return penalties.smooth_l1(residual, self.beta)

    def shape_on_normalised(self) -> tuple[float, str]:
        """See :meth:`ResidualLoss.shape_on_normalised`."""
        return self.beta, f'{0.5 / self.beta:.3g} x squared L2'

    def extra_repr(self) -> str:
        """Name the parameters."""
        return f'beta={self.beta:g}'


@MODELS.register_module()
class WingLoss(ResidualLoss):
    """Wing (Feng et al., CVPR 2018, arXiv 1711.06753, Eq. 5).

    ``omega ln(1 + |x|/epsilon)`` for ``|x| < omega``, else ``|x| - C``. The slope is
    ``omega/epsilon`` at 0, ``omega/(omega + epsilon)`` just inside ``omega`` and 1
    beyond: continuous there, with a kink. The paper warns of a very small epsilon
    (the gradient at 0 explodes and training becomes unstable), hence a warning on
    extreme ratios. Its Table 2 tries omega 4 to 14 and epsilon 0.5 to 3 at 64x64.

    MMPose's ``WingLoss`` has the same formula without units: on its normalised
    coordinates it is ``omega/epsilon`` x L1.

    Args:
        omega (float): Half the width of the logarithmic part, in pixels. Defaults
            to 10.
        epsilon (float): Its curvature, in pixels. Defaults to 2.
        **kwargs: See :class:`ResidualLoss`.

    Example:
        >>> import mmwing, torch
        >>> output = torch.tensor([[[30., 20.]]])  # (N, K, 2), pixels of the input
        >>> target = torch.tensor([[[30., 23.]]])
        >>> mmwing.WingLoss(omega=10, epsilon=2)(output, target)  # 10 ln(1 + 3 / 2)
        tensor(9.1629)
        >>> loss = mmwing.WingLoss(input_size=(64, 64))  # of normalised coordinates
        >>> loss(output / 64, target / 64)
        tensor(9.1629)
    """

    lengths = ('omega', 'epsilon')

    def __init__(self, omega: float = 10.0, epsilon: float = 2.0,
                 **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_positive(type(self).__name__, omega=omega, epsilon=epsilon)
        warn_extreme_ratio(type(self).__name__, omega, epsilon)
        self.omega = omega
        self.epsilon = epsilon

    def penalty(self, residual: Tensor) -> Tensor:
        """See :func:`penalties.wing`."""
        return penalties.wing(residual, self.omega, self.epsilon)

    def shape_on_normalised(self) -> tuple[float, str]:
        """See :meth:`ResidualLoss.shape_on_normalised`."""
        return self.omega, f'about {self.omega / self.epsilon:.1f} x L1'

    def extra_repr(self) -> str:
        """Name the parameters."""
        return f'omega={self.omega:g}, epsilon={self.epsilon:g}'


@MODELS.register_module()
class RectifiedWingLoss(ResidualLoss):
    """Rectified Wing (Feng et al., IJCV 2020): Wing that forgives the first pixels.

    ``0`` for ``|x| < r``, ``omega ln(1 + (|x| - r)/epsilon)`` up to ``omega``,
    ``|x| - C`` beyond. MMPose has none.

    Args:
        omega (float): Half the width of the logarithmic part, in pixels. Defaults
            to 10.
        epsilon (float): Its curvature, in pixels. Defaults to 2.
        r (float): Errors below, in pixels, are annotation noise and cost nothing;
            ``0 <= r < omega``. Defaults to 0.5, our choice.
        **kwargs: See :class:`ResidualLoss`.

    Example:
        >>> import mmwing, torch
        >>> output = torch.tensor([[[30., 20.]]])  # (N, K, 2), pixels of the input
        >>> target = torch.tensor([[[30., 23.]]])
        >>> mmwing.RectifiedWingLoss(r=0.5)(output, target)  # 10 ln(1 + 2.5 / 2)
        tensor(8.1093)
    """

    lengths = ('omega', 'epsilon', 'r')

    def __init__(self, omega: float = 10.0, epsilon: float = 2.0, r: float = 0.5,
                 **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_positive('RectifiedWingLoss', omega=omega, epsilon=epsilon)
        if not (is_number(r) and 0 <= r < omega):
            raise ValueError('RectifiedWingLoss: r must lie in [0, omega), got '
                             f'r={r!r} with omega={omega!r}')
        warn_extreme_ratio('RectifiedWingLoss', omega, epsilon)
        self.omega = omega
        self.epsilon = epsilon
        self.r = r

    def penalty(self, residual: Tensor) -> Tensor:
        """See :func:`penalties.rectified_wing`."""
        return penalties.rectified_wing(residual, self.r, self.omega, self.epsilon)

    def shape_on_normalised(self) -> tuple[float, str]:
        """See :meth:`ResidualLoss.shape_on_normalised`."""
        return self.omega, (f'0 below {self.r:g} and about '
                            f'{self.omega / self.epsilon:.1f} x L1 above')

    def extra_repr(self) -> str:
        """Name the parameters."""
        return f'omega={self.omega:g}, epsilon={self.epsilon:g}, r={self.r:g}'


@MODELS.register_module()
class SoftWingLoss(ResidualLoss):
    """Soft Wing (Lin et al., IEEE TIP 2021: Structure-Coherent Deep Feature Learning).

    ``|x|`` for ``|x| < omega1``, else ``omega2 ln(1 + |x|/epsilon) + B``. The slope
    is 1 below the knot, jumps to ``omega2/(omega1 + epsilon)`` there and falls off.

    MMPose's ``SoftWingLoss`` has the same formula and defaults without units: on its
    normalised coordinates it is L1, exactly.

    Args:
        omega1 (float): Where the line becomes a logarithm, in pixels. Defaults to 2.
        omega2 (float): The logarithm's factor, in pixels. Defaults to 20.
        epsilon (float): Its curvature, in pixels. Defaults to 0.5.
        **kwargs: See :class:`ResidualLoss`.

    Example:
        >>> import mmwing, torch
        >>> output = torch.tensor([[[30., 20.]]])  # (N, K, 2), pixels of the input
        >>> target = torch.tensor([[[30., 23.]]])
        >>> mmwing.SoftWingLoss()(output, target)  # 2 + 20 ln(7 / 5)
        tensor(8.7294)
    """

    lengths = ('omega1', 'omega2', 'epsilon')

    def __init__(self, omega1: float = 2.0, omega2: float = 20.0,
                 epsilon: float = 0.5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_positive('SoftWingLoss', omega1=omega1, omega2=omega2, epsilon=epsilon)
        self.omega1 = omega1
        self.omega2 = omega2
        self.epsilon = epsilon

    def penalty(self, residual: Tensor) -> Tensor:
        """See :func:`penalties.soft_wing`."""
        return penalties.soft_wing(residual, self.omega1, self.omega2, self.epsilon)

    def shape_on_normalised(self) -> tuple[float, str]:
        """See :meth:`ResidualLoss.shape_on_normalised`."""
        return self.omega1, '1.0 x L1'

    def extra_repr(self) -> str:
        """Name the parameters."""
        return (f'omega1={self.omega1:g}, omega2={self.omega2:g}, '
                f'epsilon={self.epsilon:g}')


@MODELS.register_module()
class GeneralRobustLoss(ResidualLoss):
    """The general robust loss (Barron, CVPR 2019, arXiv 1701.03077).

    One family: ``alpha`` 2 is L2, 1 Charbonnier (smooth L1), 0 Cauchy, -2
    Geman-McClure, ``-inf`` Welsch; ``c`` is where it leaves ``(x/c)^2 / 2``. Below
    ``alpha`` 0 the gradient of a large error tends to 0: start from a mean shape.

    Args:
        alpha (float): Shape, a number or ``-inf``. Defaults to 1.
        c (float): Scale in pixels. Defaults to 2.
        **kwargs: See :class:`ResidualLoss`.

    Example:
        >>> import mmwing, torch
        >>> output = torch.tensor([[[30., 20.]]])  # (N, K, 2), pixels of the input
        >>> target = torch.tensor([[[30., 23.]]])
        >>> mmwing.GeneralRobustLoss(alpha=1, c=2)(output, target)  # sqrt(3.25) - 1
        tensor(0.8028)
    """

    lengths = ('c', )

    def __init__(self, alpha: float = 1.0, c: float = 2.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_positive('GeneralRobustLoss', c=c)
        if alpha == '-inf':  # as the command line has it
            alpha = -math.inf
        if not (is_number(alpha) and alpha < math.inf):
            raise ValueError('GeneralRobustLoss: alpha must be a finite number or '
                             f'-inf, got {alpha!r}')
        self.alpha = float(alpha)
        self.c = c

    def penalty(self, residual: Tensor) -> Tensor:
        """See :func:`penalties.general_robust`."""
        penalty = penalties.general_robust(residual, self.alpha, self.c)
        if self.alpha < 0:  # bounded, so that an infinite output would not be seen
            penalty = penalty + 0 * residual
        return penalty

    def shape_on_normalised(self) -> tuple[float, str] | None:
        """See :meth:`ResidualLoss.shape_on_normalised`."""
        if self.alpha == 2:
            return None
        return self.c, f'{0.5 / self.c**2:.3g} x squared L2'

    def extra_repr(self) -> str:
        """Name the parameters."""
        return f'alpha={self.alpha:g}, c={self.c:g}'


def warn_extreme_ratio(owner: str, omega: float, epsilon: float) -> None:
    """Warn when the slope of Wing at 0, ``omega/epsilon``, is extreme.

    Below 0.1, small errors hardly count (slope far under the 1 of large ones); above
    100, the sign of a residual decides and training is unstable.
    """
    slope = omega / epsilon
    if not 0.1 <= slope <= 100:
        warnings.warn(
            f'{owner}: omega={omega:g} and epsilon={epsilon:g} give a slope of '
            f'{slope:.3g} at 0, against 1 for large errors; the paper tries 1.3 to '
            '28. Training may be unstable or ignore small errors.',
            UserWarning, stacklevel=3)
