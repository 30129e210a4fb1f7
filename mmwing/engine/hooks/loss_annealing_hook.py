"""Change the arguments of a loss from epoch to epoch."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping, Sequence

from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn

from mmwing.arguments import is_number
from mmwing.registry import HOOKS

from .epochs import check_counts_epochs


@HOOKS.register_module()
class LossAnnealingHook(Hook):
    """Move arguments of the losses from one value to another over some epochs.

    For example Wing with omega and epsilon that shrink as the errors do. In epoch
    ``begin`` an argument has its first value, from epoch ``end`` on its last; in
    between it moves in equal ratios (``'geometric'``, for lengths) or equal steps
    (``'linear'``). The values depend on the epoch alone, so that a resumed run goes on
    exactly. They stand in the log as ``loss_omega`` etc.

    All losses of mmwing's in the model that have the arguments are changed.

    Args:
        arguments (dict): First and last value of each argument, such as
            ``dict(omega=(10, 2.5), epsilon=(2, 0.5))``.
        begin (int): Epoch, counted from 0, up to which the first values hold.
            Defaults to 0.
        end (int, optional): Epoch from which the last values hold. Defaults to the
            last epoch of the training.
        curve (str): ``'geometric'`` or ``'linear'``. Defaults to ``'geometric'``.

    Raises:
        ValueError: If epochs are out of order, the training counts iterations,
            ``curve`` is unknown, a geometric curve would have to reach or cross zero,
            no loss has the arguments, or a loss refuses one of the values that it will
            get.
        TypeError: If a value is not a pair of numbers.

    Example::

        custom_hooks = [dict(type='mmwing.LossAnnealingHook', begin=20, end=60,
                             arguments=dict(omega=(10, 2.5), epsilon=(2, 0.5)))]
    """

    def __init__(self, arguments: Mapping[str, Sequence[float]], begin: int = 0,
                 end: int | None = None, curve: str = 'geometric') -> None:
        if not arguments:
            raise ValueError('arguments must name at least one argument of the loss, '
                             f'got {arguments!r}')
        if begin < 0 or (end is not None and end <= begin):
            raise ValueError('begin must not be negative and end must be larger, got '
                             f'begin={begin} and end={end}')
        if curve not in ('geometric', 'linear'):
            raise ValueError("curve must be 'geometric' or 'linear', got "
                             f'{curve!r}')
        for name, values in arguments.items():
            if not (isinstance(values, Sequence) and len(values) == 2
                    and all(is_number(value) and math.isfinite(value)
                            for value in values)):
                raise TypeError(f'arguments[{name!r}] must be a first and a last '
                                f'value, such as (10, 2.5), got {values!r}')
            first, last = values
            if curve == 'geometric' and first * last <= 0:
                raise ValueError(
                    f'arguments[{name!r}] goes from {first:g} to {last:g}: a geometric '
                    "curve cannot reach or cross zero; use curve='linear', or values "
                    'of one sign')
        self.arguments = {name: (float(first), float(last))
                          for name, (first, last) in arguments.items()}
        self.begin = begin
        self.end = end
        self.curve = curve

    def before_train(self, runner: Runner) -> None:
        """Try the values of all epochs, before the first step."""
        check_counts_epochs(self, runner)
        last = runner.max_epochs - 1
        if self.end is None and last <= self.begin:
            raise ValueError(f'begin must be below the last epoch, {last}, got '
                             f'{self.begin}')
        losses = self._losses(runner.model)
        if not losses:
            raise ValueError('LossAnnealingHook: no loss of the model has the '
                             f'arguments {", ".join(self.arguments)}')
        for epoch in range(runner.max_epochs):
            values = self._values(epoch, last)
            for loss in losses:
                kept = {name: getattr(loss, name)
                        for name in _argument_names(type(loss)) if hasattr(loss, name)}
                try:
                    type(loss)(**{**kept, **values})
                except ValueError as error:
                    raise ValueError(f'LossAnnealingHook, epoch {epoch}: '
                                     f'{error}') from None

    def before_train_epoch(self, runner: Runner) -> None:
        """Set the values of this epoch."""
        values = self._values(runner.epoch, runner.max_epochs - 1)
        for loss in self._losses(runner.model):
            for name, value in values.items():
                setattr(loss, name, value)

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch=None,
                         outputs=None) -> None:
        """Write the values to the log."""
        for name, value in self._values(runner.epoch, runner.max_epochs - 1).items():
            runner.message_hub.update_scalar(f'train/loss_{name}', value)

    def _losses(self, model: nn.Module) -> list[nn.Module]:
        return [module for module in model.modules() if hasattr(module, 'target_kind')
                and self.arguments.keys() <= _argument_names(type(module))]

    def _values(self, epoch: int, last_epoch: int) -> dict[str, float]:
        end = last_epoch if self.end is None else self.end
        part = min(max((epoch - self.begin) / (end - self.begin), 0), 1)
        if self.curve == 'linear':
            return {name: first + part * (last - first)
                    for name, (first, last) in self.arguments.items()}
        return {name: first * (last / first)**part
                for name, (first, last) in self.arguments.items()}


def _argument_names(loss: type[nn.Module]) -> set[str]:
    """What the class takes, or hands on to a base by ``**kwargs``."""
    return {name for cls in loss.__mro__ if hasattr(cls, 'target_kind')
            for name in inspect.signature(cls).parameters}
