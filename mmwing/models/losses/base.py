"""Base class of the losses: units, weights and reduction."""

import inspect
import math
import warnings
from collections.abc import Callable, Sequence

import torch
from mmengine.logging import print_log
from torch import Tensor, nn

from mmwing.arguments import check_flags, is_number

REDUCTIONS = ('batch_mean', 'mean', 'sum', 'none')

#: Width of the network input, in pixels, for which the default lengths were published.
DEFAULT_WIDTH = 64

# Below this no penalty overflows in float32, and 0 x penalty is 0; 0 x inf is NaN.
TAME = 1e15

# Batches whose values are looked at, which makes a GPU wait: one may happen to be odd.
LOOKS = 10

# Two thirds of the coordinates lie closer than this to their middle if they are
# normalised: 0.5 in [0, 1], 1 in [-1, 1] or if standardised. In pixels, a face in an
# input of 16 pixels spreads by 4.
NORMALISED_SPREAD = 1.5
PIXEL_SPREAD = 3.0


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
    for it would make a GPU wait at each step.) A NaN or infinity in the *output* always
    surfaces in the loss, annotated or not, so that a diverged network is seen.

    **Several processes.** DistributedDataParallel averages gradients over processes.
    With ``'batch_mean'`` and batches of one size this is the gradient of the whole
    batch. ``'sum'`` is divided by the number of processes, and ``'mean'`` averages
    over what is annotated in each process first: where processes have different
    numbers of annotated points, the result depends on the split.

    **Checks.** The first batches are looked at: a loss in pixels that gets normalised
    coordinates or heat maps warns, and so does one that would scale pixels once more.
    Inside ``torch.compile`` and ``torch.func.vmap`` no values can be looked at, and
    nothing is checked but shapes.

    Args:
        input_size (Sequence[float], optional): (w, h) of the network input in pixels.
            Residuals are multiplied by it, which turns coordinates normalised by the
            input size, as MMPose's codecs make them, into pixels. ``None`` where
            output and target are in pixels already, and for heat maps. Defaults to
            ``None``; in a head with a codec it becomes the codec's, see
            :func:`mmwing.models.set_loss_units`.
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

    #: What the loss compares: ``'coordinates'`` or ``'heat maps'``.
    target_kind: str = 'coordinates'

    def __init__(self,
                 input_size: Sequence[float] | None = None,
                 reduction: str = 'batch_mean',
                 use_target_weight: bool = True,
                 loss_weight: float = 1.0) -> None:
        super().__init__()
        if reduction not in REDUCTIONS:
            raise ValueError(f'reduction must be one of {REDUCTIONS}, got '
                             f'{reduction!r}')
        check_flags(use_target_weight=use_target_weight)
        if not (is_number(loss_weight) and 0 <= loss_weight < math.inf):
            raise ValueError('loss_weight must be a finite number, 0 or more, got '
                             f'{loss_weight!r}')
        self.input_size = input_size
        self.reduction = reduction
        self.use_target_weight = use_target_weight
        self.loss_weight = loss_weight
        self._looks = LOOKS

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
            residual = _scale(residual, *self.input_size)
        return self.penalty(residual)

    def shape_on_normalised(self) -> tuple[float, str] | None:
        """What the loss degenerates to on coordinates normalised to [0, 1].

        Returns:
            tuple[float, str], optional: The length that no normalised residual
            reaches, and the plain loss that is left over. ``None`` for a loss whose
            shape does not depend on the unit.
        """
        return None

    @classmethod
    def scaled_lengths(cls, width: float) -> dict[str, float]:
        """The default lengths, scaled to an input of another width.

        The same shape at an input s times as wide has lengths s times as large.

        Args:
            width (float): Width of the network input in pixels.

        Returns:
            dict[str, float]: ``{'omega': 40.0, 'epsilon': 8.0}`` for
            ``WingLoss.scaled_lengths(256)``; empty for a loss without lengths.
        """
        return {name: _default(cls, name) * width / DEFAULT_WIDTH
                for name in cls.lengths}

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
            ValueError: If shapes do not match, or a weight is negative (on a GPU
                that is looked for in the first batches only).
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
        if not torch.compiler.is_compiling() and self._looks:
            self._look(target, weight)

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
        if self._is_negative(weight):
            raise ValueError(f'{type(self).__name__}: {argument} must not be negative, '
                             f'got {weight.min().item():g}')
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

    def _is_negative(self, weight: Tensor) -> bool:
        """Whether a weight is below 0; looked at where it costs little."""
        if torch.compiler.is_compiling() or not weight.numel() or (
                weight.dtype == torch.bool):
            return False
        if weight.device.type != 'cpu' and not self._looks:
            return False
        low = _value(weight.min)
        return low is not None and low < 0

    def _look(self, target: Tensor, weight: Tensor | None) -> None:
        """Check the unit of one of the first batches, by the spread of its values."""
        is_coordinates = target.ndim <= 3 and target.shape[-1] == 2
        is_heatmaps = target.ndim == 4 and target.shape[-1] != 2
        if self.input_size is not None and self._looks == LOOKS:
            self._advise_on_lengths(self.input_size[0])
        left_over = self.shape_on_normalised()
        # Knots below 1 were scaled to normalised values by someone who knew.
        if left_over is None or left_over[0] < 1 or not (is_coordinates or is_heatmaps):
            self._looks = 0
            return
        if not target.numel() or _value(target.sum) is None:
            return
        self._looks -= 1
        values = target if weight is None else target.where(weight != 0, torch.nan)
        if is_heatmaps:
            message = self._heatmap_message(values, *left_over)
        else:
            message = self._coordinate_message(values, *left_over)
        if message:
            warnings.warn(f'{self} {message}', UserWarning, stacklevel=3)
            self._looks = 0

    def _coordinate_message(self, values: Tensor, knot: float,
                            left_over: str) -> str | None:
        """What is wrong with the unit of coordinates (..., 2), NaN where unknown."""
        points = values.detach().reshape(-1, 2)
        low, high = points.nanquantile(points.new_tensor([1 / 6, 5 / 6]), dim=0)
        # Between the quantiles lie two thirds, wherever single points have gone.
        spread = (high - low).max().item() / 2
        if self.input_size is None and 0 < spread < NORMALISED_SPREAD:
            return (
                'is in pixels of the network input, but two thirds of the coordinates '
                f'in a batch lie within {spread:.2g} of their middle: they look '
                f'normalised, and there is no input_size. Few residuals reach '
                f'{knot:g}, so the loss is little else than {left_over}. Give the head '
                'decoder=codec, from which the loss takes the size once the head is '
                'part of a model, or the loss the (w, h) of the input, e.g. '
                'input_size=(256, 256).')
        if self.input_size is not None and spread > PIXEL_SPREAD:
            return (
                f'multiplies by its input_size={self.input_size}, but two thirds of '
                f'the coordinates in a batch lie up to {spread:.2g} from their middle: '
                'they look like pixels already. Leave input_size out, or divide the '
                'coordinates by it.')
        return None

    def _heatmap_message(self, values: Tensor, knot: float,
                         left_over: str) -> str | None:
        """What is wrong with the unit of heat maps (N, K, H, W), NaN where unknown."""
        high = values.detach().nan_to_num(0, 0, 0).max().item()
        # Those that were scaled up, to 255 for example, are no trap.
        if not 0 < high <= 2:
            return None
        return (
            'is in pixels of the network input, but its targets are heat maps with '
            f'values up to {high:.3g}. No residual reaches {knot:g}, so the loss is '
            f'stuck on {left_over}. Use mmwing.AdaptiveWingLoss or '
            'mmwing.HeatmapWingLoss, whose lengths are in heat-map values, or give '
            f'{type(self).__name__} lengths below 1.')

    def _advise_on_lengths(self, width: float) -> None:
        """Log which lengths have the published shape at this input, once."""
        advice = lengths_advice(type(self), width)
        defaults = self.scaled_lengths(DEFAULT_WIDTH)
        if advice and all(getattr(self, name) == value
                          for name, value in defaults.items()):
            print_log(advice, logger='current')


def lengths_advice(loss: type[ResidualLoss], width: float) -> str | None:
    """Which lengths have the shape of the defaults at an input of another width.

    Returns:
        A sentence, or ``None`` if the defaults are made for that width, or the loss
        has no lengths.
    """
    if not loss.lengths or width == DEFAULT_WIDTH:
        return None
    here, there = (
        ' '.join(f'{name}={value:g}' for name, value in lengths.items())
        for lengths in (loss.scaled_lengths(DEFAULT_WIDTH), loss.scaled_lengths(width)))
    return (f'{loss.__name__} has its default lengths, {here}, which are made for '
            f'inputs of {DEFAULT_WIDTH} pixels; the same shape at {width:g} pixels is '
            f'{there}, see docs/swap_a_loss.md')


def _default(loss: type[ResidualLoss], argument: str) -> float:
    """The default of an argument, in the class or the nearest base that takes it."""
    for cls in loss.__mro__:
        parameter = inspect.signature(cls).parameters.get(argument)
        if parameter is not None:
            return parameter.default
    raise TypeError(f'{loss.__name__} names {argument!r} in its lengths but does not '
                    'take it as an argument')


def _scale(residual: Tensor, width: float, height: float) -> Tensor:
    """Normalised (..., 2) in pixels; without a tensor that is copied to a device."""
    if width == height:
        return residual * width
    return torch.stack((residual[..., 0] * width, residual[..., 1] * height), dim=-1)


def _value(reduce: Callable[[], Tensor]) -> float | None:
    """A value, or ``None`` where none can be looked at: compiled, or inside of vmap."""
    if torch.compiler.is_compiling():
        return None
    try:
        return reduce().item()
    except RuntimeError:
        return None


def _is_tame(target: Tensor) -> bool:
    """Whether no entry is missing or too large for a weight of 0 to silence it.

    To look costs little on a CPU; a GPU would have to wait: there the answer is no.
    """
    if target.device.type != 'cpu':
        return False
    norm = _value(lambda: torch.linalg.vector_norm(target))
    return norm is not None and norm < TAME


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
