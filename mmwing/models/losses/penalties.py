"""Penalties: element-wise functions of a residual.

Conventions of every function here:

* The residual has any shape and any floating dtype; the result has both. What unit
  it has, what is weighted and how it is summed is the caller's business
  (:mod:`mmwing.models.losses.base`).
* A length (``omega``, ``epsilon``, ``r``, ``beta``, ``c``) has the residual's unit.
  Parameters are numbers and are not checked: the loss classes do that once.
* Zero at zero, even, never decreasing in ``|x|``, continuous.
* Value and gradient are finite wherever the true value fits the dtype. A branch that
  is not taken must not overflow or divide by zero either: ``torch.where`` multiplies
  its gradient by 0, and 0 x inf is NaN. Hence the clamps.
* The gradient at 0 is 0. At a knot it is the gradient of the outer branch, as the
  ``|x| < knot`` of the formulas has it.
* NaN in, NaN out.

:func:`adaptive_wing` is the declared exception: its shape depends on the target too.
"""

import inspect
import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def l2(residual: Tensor) -> Tensor:
    """Half the square: ``x^2 / 2``, as Feng et al. (CVPR 2018) define L2."""
    # Halved before it is multiplied: x*x would overflow float16 above 255.
    return (0.5 * residual) * residual


def l1(residual: Tensor) -> Tensor:
    """Absolute value: ``|x|``."""
    return residual.abs()


def smooth_l1(residual: Tensor, beta: float = 1.0) -> Tensor:
    """Smooth L1 (Girshick, ICCV 2015, for ``beta = 1``).

    ``x^2 / (2 beta)`` for ``|x| < beta``, else ``|x| - beta / 2``.

    Args:
        residual (Tensor): Any shape.
        beta (float): Where the square becomes a line; positive.
    """
    size = residual.abs()
    inner = size.clamp(max=beta)
    return torch.where(size < beta, inner * (inner / (2 * beta)), size - 0.5 * beta)


def wing(residual: Tensor, omega: float, epsilon: float) -> Tensor:
    """Wing (Feng et al., CVPR 2018, arXiv 1711.06753, Eq. 5).

    ``omega ln(1 + |x|/epsilon)`` for ``|x| < omega``, else ``|x| - C`` with
    ``C = omega - omega ln(1 + omega/epsilon)``.

    The slope falls from ``omega/epsilon`` at 0 to ``omega/(omega + epsilon)`` just
    inside the knot, then jumps to 1: continuous, not smooth.

    Args:
        residual (Tensor): Any shape.
        omega (float): Half the width of the logarithmic part; positive.
        epsilon (float): Its curvature; positive.
    """
    return _Wing.apply(residual, omega, epsilon)


class _Wing(torch.autograd.Function):
    """Wing with its gradient in closed form, which keeps the residual alone.

    Left to autograd it holds seven tensors of the residual's size at once, not five.
    Both branches do without comparisons, which run several times slower than
    arithmetic on a CPU. Second derivatives, ``torch.compile`` and of ``torch.func``
    ``grad``, ``vmap`` and ``jacrev`` work.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(residual: Tensor, omega: float, epsilon: float) -> Tensor:
        size = residual.abs()
        # |x| - C is the logarithm at omega plus what |x| has beyond omega.
        inner = size.clamp(max=omega)
        beyond = size.sub_(inner)
        return inner.div_(epsilon).log1p_().mul_(omega).add_(beyond)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, float, float],
                      output: Tensor) -> None:
        residual, ctx.omega, ctx.epsilon = inputs
        ctx.save_for_backward(residual)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        residual, = ctx.saved_tensors
        return grad * _wing_slope(residual, ctx.omega, ctx.epsilon), None, None


# Function.apply asks for the signature at each call. Found anew each time, it costs a
# tenth of what forward and backward of a batch of coordinates do.
_Wing.forward.__signature__ = inspect.signature(_Wing.forward)  # type: ignore


def _wing_slope(residual: Tensor, omega: float, epsilon: float) -> Tensor:
    """The derivative of :func:`wing`."""
    slope = omega / (residual.abs() + epsilon)
    # It falls with |x|: from its value at omega on, give or take its rounding, it is 1.
    knot = omega / (omega + epsilon) * (1 + 2 * torch.finfo(residual.dtype).eps)
    return F.threshold(slope, knot, 1.0) * residual.sign()


def rectified_wing(residual: Tensor, r: float, omega: float,
                   epsilon: float) -> Tensor:
    """Rectified Wing (Feng et al., IJCV 2020, doi 10.1007/s11263-019-01275-0).

    ``0`` for ``|x| < r``; ``omega ln(1 + (|x| - r)/epsilon)`` for
    ``r <= |x| < omega``; ``|x| - C`` beyond, with
    ``C = omega - omega ln(1 + (omega - r)/epsilon)``.

    Args:
        residual (Tensor): Any shape.
        r (float): Errors below are annotation noise and cost nothing;
            ``0 <= r < omega``. With 0 this is :func:`wing`.
        omega (float): Half the width of the logarithmic part; positive.
        epsilon (float): Its curvature; positive.
    """
    size = residual.abs()
    offset = omega - omega * math.log1p((omega - r) / epsilon)
    beyond = (size - r).clamp(min=0)
    return torch.where(size < omega, omega * torch.log1p(beyond / epsilon),
                       size - offset)


def soft_wing(residual: Tensor, omega1: float, omega2: float,
              epsilon: float) -> Tensor:
    """Soft Wing (Lin et al., IEEE TIP 2021), the formula of MMPose's SoftWingLoss.

    ``|x|`` for ``|x| < omega1``, else ``omega2 ln(1 + |x|/epsilon) + B`` with
    ``B = omega1 - omega2 ln(1 + omega1/epsilon)``.

    Args:
        residual (Tensor): Any shape.
        omega1 (float): Where the line becomes a logarithm; positive.
        omega2 (float): The logarithm's factor; positive.
        epsilon (float): Its curvature; positive.
    """
    size = residual.abs()
    offset = omega1 - omega2 * math.log1p(omega1 / epsilon)
    return torch.where(size < omega1, size,
                       omega2 * torch.log1p(size / epsilon) + offset)


def general_robust(residual: Tensor, alpha: float, c: float) -> Tensor:
    """The general robust loss (Barron, CVPR 2019, arXiv 1701.03077).

    ``|alpha-2|/alpha (((x/c)^2/|alpha-2| + 1)^(alpha/2) - 1)``, and its limits:
    ``(x/c)^2 / 2`` for ``alpha = 2``, ``ln((x/c)^2/2 + 1)`` for ``alpha = 0``,
    ``1 - exp(-(x/c)^2/2)`` for ``alpha = -inf``. ``alpha = 1`` is the Charbonnier
    penalty and ``alpha = -2`` Geman and McClure's.

    Args:
        residual (Tensor): Any shape.
        alpha (float): Shape; the smaller, the less an outlier counts. ``-inf`` is
            allowed.
        c (float): Scale: inside ``|x| < c`` it is ``(x/c)^2 / 2``; positive.
    """
    if residual.dtype in (torch.float16, torch.bfloat16):
        # (x/c)^2 leaves float16 long before the penalty does.
        return general_robust(residual.float(), alpha, c).to(residual.dtype)

    # Within the rounding of the dtype a limit is as good as the formula, and there
    # the formula's factors alpha and |alpha - 2| would lose all digits.
    tiny = torch.finfo(residual.dtype).eps
    if abs(alpha - 2) < tiny:
        return l2(residual / c)
    if alpha < -1 / tiny:
        return -torch.expm1(-l2((residual / c).clamp(-1e9, 1e9)))
    if abs(alpha) < tiny:
        return _log1p_square(residual / (c * math.sqrt(2)))
    b = abs(alpha - 2)
    log_base = _log1p_square(residual / (c * math.sqrt(b)))
    return (b / alpha) * torch.expm1((0.5 * alpha) * log_base)


def _log1p_square(x: Tensor) -> Tensor:
    """``ln(1 + x^2)``, also where the square overflows."""
    size = x.abs()
    # Above 1e8, 1 + x^2 is x^2 even in float64.
    return torch.where(size < 1e8, torch.log1p(size.clamp(max=1e8)**2),
                       2 * torch.log(size.clamp(min=1.0)))


def adaptive_wing(residual: Tensor, target: Tensor, alpha: float, omega: float,
                  epsilon: float, theta: float) -> Tensor:
    """Adaptive Wing on heat maps (Wang et al., ICCV 2019, arXiv 1904.07399).

    With ``p = alpha - y``: ``omega ln(1 + |x/epsilon|^p)`` for ``|x| < theta``, else
    ``A|x| - C`` with ``A = omega (1/(1 + (theta/epsilon)^p)) p
    (theta/epsilon)^(p-1) / epsilon`` and ``C = theta A - omega ln(1 +
    (theta/epsilon)^p)``: continuous and smooth at ``theta``.

    Args:
        residual (Tensor): Any shape, in heat-map values.
        target (Tensor): The true values ``y``, same shape. A heat map lies in [0, 1];
            what lies outside is clamped, so that ``p`` stays in
            ``[alpha - 1, alpha]``. No gradient flows into it.
        alpha (float): Exponent at a background pixel; above 2, so that the gradient
            at 0 is finite at a foreground pixel too.
        omega (float): Height of the logarithmic part; positive.
        epsilon (float): Its curvature; positive.
        theta (float): Where it becomes a line; positive.
    """
    residual, target = torch.broadcast_tensors(residual, target.detach())
    return _AdaptiveWing.apply(residual, target, alpha, omega, epsilon, theta)[0]


# Elements whose intermediate results stay in a core's own cache.
_BLOCK = 1 << 16


class _AdaptiveWing(torch.autograd.Function):
    """Adaptive Wing and its slope, which share their logarithms and powers.

    On a CPU block by block: heat maps are large, and an element takes a dozen passes.
    Second derivatives, ``torch.compile`` and of ``torch.func`` ``grad``, ``vmap`` and
    ``jacrev`` work.
    """

    @staticmethod
    def forward(residual: Tensor, target: Tensor, alpha: float, omega: float,
                epsilon: float, theta: float) -> tuple[Tensor, Tensor]:
        shape = alpha, omega, epsilon, theta
        if (residual.device.type != 'cpu' or torch.compiler.is_compiling()
                or residual.numel() <= _BLOCK):
            return _adaptive_wing_with_slope(residual, target, *shape)
        residual, target = residual.contiguous(), target.contiguous()
        value, slope = torch.empty_like(residual), torch.empty_like(residual)
        blocks = (x.view(-1).split(_BLOCK) for x in (residual, target, value, slope))
        for part, true, value_part, slope_part in zip(*blocks, strict=True):
            results = _adaptive_wing_with_slope(part, true, *shape)
            value_part.copy_(results[0])
            slope_part.copy_(results[1])
        return value, slope

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...],
                      output: tuple[Tensor, Tensor]) -> None:
        residual, target, *ctx.shape = inputs
        ctx.mark_non_differentiable(output[1])
        ctx.save_for_backward(residual, target, output[1])

    @staticmethod
    def backward(ctx: Any, grad: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        residual, target, slope = ctx.saved_tensors
        if torch.is_grad_enabled():
            # Asked for a graph of the gradient: the slope as a function.
            slope = _adaptive_wing_slope(residual, target, *ctx.shape)
        return grad * slope, None, None, None, None, None

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], residual: Tensor,
             target: Tensor, *shape: float) -> tuple[tuple[Tensor, Tensor], tuple]:
        """Element-wise, so a further dimension is one dimension more."""
        residual, target = torch.broadcast_tensors(*(
            x.unsqueeze(0) if dim is None else x.movedim(dim, 0)
            for x, dim in zip((residual, target), in_dims, strict=False)))
        return _AdaptiveWing.apply(residual, target, *shape), (0, 0)


_AdaptiveWing.forward.__signature__ = inspect.signature(  # type: ignore
    _AdaptiveWing.forward)


def _adaptive_wing_with_slope(residual: Tensor, target: Tensor, alpha: float,
                              omega: float, epsilon: float,
                              theta: float) -> tuple[Tensor, Tensor]:
    """:func:`adaptive_wing` and its derivative; without a graph of their own."""
    power = alpha - target.clamp(0, 1)
    size = residual.abs()
    # Beyond theta the line goes on with the slope of the logarithm there.
    inner = size.clamp(max=theta)
    raised = (inner / epsilon).log_().mul_(power).exp_()
    slope = (raised / (1 + raised)).mul_(power).mul_(omega)
    slope.div_(inner.clamp_(min=torch.finfo(inner.dtype).tiny))
    value = raised.log1p_().mul_(omega).add_(size.sub_(inner).mul_(slope))
    return value, slope.mul_(residual.sign())


def _adaptive_wing_slope(residual: Tensor, target: Tensor, alpha: float, omega: float,
                         epsilon: float, theta: float) -> Tensor:
    """The derivative of :func:`adaptive_wing`, which has derivatives itself."""
    power = alpha - target.clamp(0, 1)
    ratio = residual.abs().clamp(max=theta) / epsilon
    return (omega / epsilon) * power * ratio**(power - 1) / (
        1 + ratio**power) * residual.sign()
