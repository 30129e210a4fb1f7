"""Base class of the losses: units, weights and reduction."""

import math
import warnings
from collections.abc import Sequence

import torch
from torch import Tensor, nn

REDUCTIONS = ('batch_mean', 'mean', 'sum', 'none')

# Below this no penalty overflows in float32, and 0 x penalty is 0; 0 x inf is NaN.
TAME = 1e15


class ResidualLoss(nn.Module):
    """A penalty on the residual between output and target.

    The steps: check shapes, residual in pixels, penalty, weight (outside the penalty,
    so that the loss is linear in it; MMPose's losses weight the residual), reduction,
    ``loss_weight``. A subclass holds its parameters and names its :meth:`penalty`.

    Coordinates are (N, K, 2) or any other shape that ends in (x, y); heat maps are
    (N, K, H, W). Half-precision input, autocast's too, is computed in float32, and
    the loss is then float32.

    **Not annotated** is what has weight 0 and what has a NaN target: it contributes
    neither loss nor gradient, whatever its target says. (A NaN target with a weight
    above 0 is treated so too: it is how annotations mark a missing point, and checking
    for it would halt a GPU at each step.) A NaN or infinity in the *output* always
    surfaces in the loss, annotated or not, so that a diverged network is seen.

    Args:
        input_size (Sequence[float], optional): (w, h) of the network input in pixels.
            Residuals are multiplied by it, which turns coordinates normalised by the
            input size, as MMPose's codecs make them, into pixels. ``None`` where
            output and target are in pixels already, and for heat maps. Defaults to
            ``None``; :class:`mmwing.DirectRegressionHead` sets it.
        reduction (str): ``'batch_mean'``, the paper's: the sum over landmarks and
            axes, averaged over the N of the batch; ``'mean'``: the sum divided by the
            number of entries that are annotated; ``'sum'``; or ``'none'``: the
            weighted entries in the shape of the output. Defaults to ``'batch_mean'``.
        use_target_weight (bool): Whether ``target_weight`` counts. Defaults to
            ``True`` (MMPose: ``False``): a point without annotation must not be
            pulled to (0, 0).
        loss_weight (float): Factor of the loss, not negative. Defaults to 1.0.

    Raises:
        ValueError: If an argument has no sensible value.
        TypeError: If ``input_size`` is not a pair, or ``use_target_weight`` no bool.
    """

    #: Arguments that are lengths in pixels of the network input. The same shape at an
    #: input twice as large needs them twice as large.
    lengths: tuple[str, ...] = ()

    def __init__(self,
                 input_size: Sequence[float] | None = None,
                 reduction: str = 'batch_mean',
                 use_target_weight: bool = True,
                 loss_weight: float = 1.0) -> None:
        super().__init__()
        if reduction not in REDUCTIONS:
            raise ValueError(f'reduction must be one of {REDUCTIONS}, got '
                             f'{reduction!r}')
        if not isinstance(use_target_weight, bool):
            raise TypeError('use_target_weight must be True or False, got '
                            f'{use_target_weight!r}')
        if not (is_number(loss_weight) and 0 <= loss_weight < math.inf):
            raise ValueError('loss_weight must be a finite number, 0 or more, got '
                             f'{loss_weight!r}')
        self.input_size = input_size
        self.reduction = reduction
        self.use_target_weight = use_target_weight
        self.loss_weight = loss_weight
        self._units_checked = False

    @property
    def input_size(self) -> tuple[float, float] | None:
        """(w, h) of the network input in pixels, or ``None``."""
        return self._input_size

    @input_size.setter
    def input_size(self, value: Sequence[float] | None) -> None:
        if value is None:
            self._input_size = None
            return
        try:
            width, height = value
        except (TypeError, ValueError):
            raise TypeError('input_size must be (w, h) in pixels, e.g. (256, 256), '
                            f'got {value!r}') from None
        check_positive(type(self).__name__, **{'input_size[0]': width,
                                               'input_size[1]': height})
        self._input_size = (width, height)

    def penalty(self, residual: Tensor) -> Tensor:
        """The element-wise penalty on a residual (in pixels, for coordinates)."""
        raise NotImplementedError(f'{type(self).__name__} names no penalty')

    def elementwise(self, output: Tensor, target: Tensor) -> Tensor:
        """The penalty of each entry, before weights and reduction."""
        residual = output - target
        if self.input_size is not None:
            residual = residual * residual.new_tensor(self.input_size)
        return self.penalty(residual)

    def shape_on_normalised(self) -> tuple[float, str] | None:
        """What the loss degenerates to on coordinates normalised to [0, 1].

        Returns:
            tuple[float, str], optional: The length that no normalised residual
            reaches, and the plain loss that is left over. ``None`` for a loss whose
            shape does not depend on the unit.
        """
        return None

    def forward(self,
                output: Tensor,
                target: Tensor,
                target_weight: Tensor | None = None,
                mask: Tensor | None = None) -> Tensor:
        """Compute the loss.

        Args:
            output (Tensor): Prediction, (N, K, 2) or (N, K, H, W); floating point.
            target (Tensor): Truth in the same shape and unit; any dtype.
            target_weight (Tensor, optional): Weights, not negative, aligned with the
                leading dimensions of the output and broadcast over the others:
                (N, K), (N, K, 1), (N, K, 2); for heat maps (N, K), (N, K, 1, 1),
                (N, K, H, W). ``None`` is 1 everywhere.
            mask (Tensor, optional): A further weight with as many dimensions as the
                output, as MMPose passes valid heat-map pixels: (N, 1, H, W) or
                (N, K, H, W). It counts whatever ``use_target_weight`` says.

        Returns:
            Tensor: A scalar; with ``reduction='none'`` in the shape of the output.

        Raises:
            ValueError: If shapes do not match.
            TypeError: If the output is not floating point.
        """
        self._check(output, target)
        weight = self._weight(output, target_weight, mask)
        # float32 at least: half-precision logarithms of residuals lose the fit.
        dtype = torch.promote_types(output.dtype, torch.float32)
        output, target = output.to(dtype), target.to(dtype)

        if weight is not None:
            weight = weight.to(dtype)
        if not _is_tame(target):
            target, weight = _without_missing(target, weight)
        if not self._units_checked:
            self._check_units(target, weight)

        loss = self.elementwise(output, target)
        if weight is not None:
            loss = loss * weight
        return self._reduce(loss, weight)

    def _check(self, output: Tensor, target: Tensor) -> None:
        name = type(self).__name__
        if not output.is_floating_point():
            raise TypeError(f'{name}: output must be floating point, got '
                            f'{output.dtype}')
        if output.shape != target.shape:
            raise ValueError(f'{name}: output {tuple(output.shape)} and target '
                             f'{tuple(target.shape)} must have the same shape')
        if output.ndim < 2:
            raise ValueError(f'{name}: output must be (N, K, 2) coordinates or '
                             f'(N, K, H, W) heat maps, got {tuple(output.shape)}')
        if self.input_size is not None and output.shape[-1] != 2:
            raise ValueError(
                f'{name}: input_size={self.input_size} scales (x, y) coordinates, but '
                f'the output has the shape {tuple(output.shape)}; leave input_size '
                'out for heat maps')

    def _weight(self, output: Tensor, target_weight: Tensor | None,
                mask: Tensor | None) -> Tensor | None:
        """All weights as one tensor that broadcasts to the output, or ``None``."""
        if mask is not None:
            if mask.ndim != output.ndim:
                raise ValueError(
                    f'{type(self).__name__}: mask {tuple(mask.shape)} must have as '
                    f'many dimensions as the output {tuple(output.shape)}')
            mask = self._align('mask', mask, output)
        if target_weight is None or not self.use_target_weight:
            return mask
        weight = self._align('target_weight', target_weight, output)
        return weight if mask is None else weight * mask

    def _align(self, argument: str, weight: Tensor, output: Tensor) -> Tensor:
        """Append dimensions of size 1 so that ``weight`` broadcasts to ``output``."""
        trailing = output.ndim - weight.ndim
        fits = trailing >= 0 and all(
            w in (1, o) for w, o in zip(weight.shape, output.shape, strict=False))
        if not fits:
            raise ValueError(
                f'{type(self).__name__}: {argument} {tuple(weight.shape)} does not '
                f'broadcast to the output {tuple(output.shape)}; it must match the '
                'leading dimensions, e.g. (N, K), or be 1 there')
        return weight.reshape(weight.shape + (1, ) * trailing)

    def _reduce(self, loss: Tensor, weight: Tensor | None) -> Tensor:
        if self.reduction == 'none':
            return loss * self.loss_weight
        total = loss.sum()
        if self.reduction == 'sum':
            return total * self.loss_weight
        if self.reduction == 'batch_mean':
            return total * (self.loss_weight / max(len(loss), 1))
        if weight is None:
            return total * (self.loss_weight / max(loss.numel(), 1))
        annotated = (weight != 0).expand_as(loss).sum()
        return total * self.loss_weight / annotated.clamp(min=1)

    def _check_units(self, target: Tensor, weight: Tensor | None) -> None:
        """Warn when a loss made for pixels gets normalised coordinates or heat maps.

        Decided on the first batch that says something, and never again: looking at
        values halts a GPU.
        """
        shape = self.shape_on_normalised()
        is_heatmaps = target.ndim == 4 and target.shape[-1] != 2
        is_coordinates = target.ndim == 3 and target.shape[-1] == 2
        # Knots below 1 were scaled to these values by someone who knew.
        if (shape is None or shape[0] < 1 or self.input_size is not None
                or not (is_coordinates or is_heatmaps)):
            self._units_checked = True
            return
        values = target if weight is None else target[weight.expand_as(target) != 0]
        if values.numel() == 0:
            return
        low, high = values.min().item(), values.max().item()
        self._units_checked = True
        # A landmark may lie somewhat outside the input; one in pixels lies beyond 2.
        # Heat maps that were scaled up, to 255 for example, are no trap either.
        if low < -1 or high > 2 or low == high == 0:
            return
        knot, left_over = shape
        if is_heatmaps:
            warnings.warn(
                f'{self} is in pixels of the network input, but the targets of the '
                f'first batch are heat maps with values in [{low:.3g}, {high:.3g}]. '
                f'No residual reaches {knot:g}, so the loss is stuck on {left_over}. '
                'Use mmwing.AdaptiveWingLoss or mmwing.HeatmapWingLoss, whose lengths '
                f'are in heat-map values, or give {type(self).__name__} lengths below '
                '1.',
                UserWarning, stacklevel=2)
            return
        warnings.warn(
            f'{self} is in pixels of the network input, but the targets of the first '
            f'batch lie in [{low:.3g}, {high:.3g}]: they look normalised, and there '
            f'is no input_size. No residual reaches {knot:g}, so the loss is stuck '
            f'on {left_over}. Give the loss the (w, h) of the input, e.g. '
            'input_size=(256, 256), or use mmwing.DirectRegressionHead, which does.',
            UserWarning, stacklevel=2)


def _is_tame(target: Tensor) -> bool:
    """Whether no entry is missing or too large for a weight of 0 to silence it.

    To look costs little on a CPU; a GPU would be halted, hence the answer there is no.
    """
    if target.device.type != 'cpu' or torch.compiler.is_compiling():
        return False
    return torch.linalg.vector_norm(target).item() < TAME


def _without_missing(target: Tensor,
                     weight: Tensor | None) -> tuple[Tensor, Tensor]:
    """Give what is not annotated a harmless target, 0, and weight 0."""
    missing = target.isnan()
    known = (~missing).to(target.dtype)
    if weight is None:
        weight = known
    else:
        missing = missing | ((weight == 0) & (target.abs() >= TAME))
        weight = weight * known
    return target.masked_fill(missing, 0), weight


def is_number(value: object) -> bool:
    """Whether an argument is a number; ``True`` is none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def check_positive(owner: str, **arguments: float) -> None:
    """Refuse what is not a positive, finite number.

    Args:
        owner (str): Who takes the arguments, for the message.
        **arguments (float): Names and values.

    Raises:
        ValueError: Naming the argument and what it got.
    """
    for name, value in arguments.items():
        if not (is_number(value) and 0 < value < math.inf):
            raise ValueError(f'{owner}: {name} must be a positive finite number, '
                             f'got {value!r}')
