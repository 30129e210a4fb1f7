"""Switch to another loss in the middle of a training."""

from __future__ import annotations

from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn

from mmwing.registry import HOOKS, MODELS

from .epochs import check_counts_epochs


@HOOKS.register_module()
class LossSwitchHook(Hook):
    """Exchange the losses of the model at the start of an epoch.

    For example L1 first and Wing for the last epochs, whose errors are small. All
    losses of mmwing's in the model are exchanged; in a head they take the input size of
    its codec, as any loss does. What is trained goes on: weights, optimiser and
    learning rate stay as they are. A run that is resumed after ``switch_epoch`` has the
    new loss from its first step.

    Args:
        switch_epoch (int): The first epoch, counted from 0, with the new loss.
        loss (dict): Config of the new loss, with all arguments that are not defaults:
            nothing is taken over from the old one.

    Raises:
        ValueError: If ``switch_epoch`` is negative or beyond the training, the training
            counts iterations, the model has no loss of mmwing's, or the new one is for
            targets of another kind (heat maps instead of coordinates).
        TypeError: If ``loss`` is not the config of a loss of mmwing's.

    Example::

        custom_hooks = [dict(type='mmwing.LossSwitchHook', switch_epoch=40,
                             loss=dict(type='mmwing.WingLoss', omega=5, epsilon=1))]
    """

    # Before LossAnnealingHook, which then finds the new loss.
    priority = 'ABOVE_NORMAL'

    def __init__(self, switch_epoch: int, loss: dict) -> None:
        if switch_epoch < 0:
            raise ValueError('switch_epoch must not be negative, got '
                             f'{switch_epoch}')
        built = MODELS.build(dict(loss))
        if not hasattr(built, 'target_kind'):
            raise TypeError('loss must be the config of a loss of mmwing, such as '
                            "dict(type='mmwing.WingLoss'), got "
                            f'{type(built).__name__}')
        self.switch_epoch = switch_epoch
        self.loss = dict(loss)
        self._target_kind = built.target_kind
        self._switched = False

    def before_train(self, runner: Runner) -> None:
        """See, before the first step, that the switch will be possible."""
        check_counts_epochs(self, runner)
        if self.switch_epoch >= runner.max_epochs:
            raise ValueError('switch_epoch must be below the '
                             f'{runner.max_epochs} epochs of the training '
                             f'(max_epochs), got {self.switch_epoch}')
        places = _losses(runner.model)
        if not places:
            raise ValueError('LossSwitchHook: the model has no loss of mmwing to '
                             f'exchange for {self.loss["type"]}')
        for parent, name in places:
            old = getattr(parent, name)
            if old.target_kind != self._target_kind:
                raise ValueError(
                    f'LossSwitchHook: {self.loss["type"]} is for {self._target_kind}, '
                    f'but {type(old).__name__} of {type(parent).__name__} gets '
                    f'{old.target_kind}')

    def before_train_epoch(self, runner: Runner) -> None:
        """Switch, once, when the epoch has come."""
        if self._switched or runner.epoch < self.switch_epoch:
            return
        self._switched = True
        for parent, name in _losses(runner.model):
            old = getattr(parent, name)
            new = MODELS.build(dict(self.loss)).train(old.training)
            setattr(parent, name, new)
            # A loss gets the input size when its head becomes part of a model.
            for owner in runner.model.modules():
                for key, child in owner.named_children():
                    if any(module is new for module in child.modules()):
                        setattr(owner, key, child)
            runner.logger.info(f'The loss of {type(parent).__name__} is now {new} '
                               f'(was {old})')


def _losses(model: nn.Module) -> list[tuple[nn.Module, str]]:
    """Where the losses of mmwing's are: the module that holds each, and its name."""
    return [(parent, name) for parent in model.modules()
            for name, child in parent.named_children() if hasattr(child, 'target_kind')]
