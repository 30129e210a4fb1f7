"""Give each loss its unit: the input size that the codec of the head has.

A loss on coordinates counts in pixels of the network input, but MMPose's heads compare
coordinates divided by the input size. Whoever builds the model, a config, a script of
MMPose's or a user in Python: once a head becomes part of a module, each loss of
mmwing's in it that was given no ``input_size`` gets that of the head's codec. PyTorch
tells of it (:func:`torch.nn.modules.module.register_module_module_registration_hook`),
so that importing mmwing is all it takes.
"""

from __future__ import annotations

import warnings

from mmpose.models.heads import DSNTHead, IntegralRegressionHead, RegressionHead
from torch import nn
from torch.nn.modules.module import register_module_module_registration_hook

from .losses import ResidualLoss

#: Heads that call their loss with coordinates divided by the input size.
COORDINATE_HEADS = (RegressionHead, IntegralRegressionHead)


def set_loss_units(head: nn.Module) -> None:
    """Give the losses in a head that have no ``input_size`` that of its codec.

    It happens by itself when the head becomes part of a model; a head of MMPose's that
    is used alone needs the call. A loss with an ``input_size`` of its own is left as
    it is. In ``DSNTHead`` the loss on coordinates stands beside one on heat maps,
    which MMPose balances against the mean over coordinates divided by the input size.
    There a loss with the default ``reduction`` and ``loss_weight`` becomes the mean
    divided by the width, which is as large.

    Args:
        head (nn.Module): A ``RegressionHead``, ``IntegralRegressionHead`` or
            ``DSNTHead`` of MMPose's, or a head derived from one of these. Others are
            left as they are.
    """
    size = input_size_of(head)
    if size is None:
        return
    for loss in _coordinate_losses(head):
        if loss.input_size is None:
            loss.input_size = size
            if isinstance(head, DSNTHead) and (
                    loss.reduction, loss.loss_weight) == ('batch_mean', 1.0):
                loss.reduction, loss.loss_weight = 'mean', 1 / size[0]
        elif tuple(loss.input_size) != size:
            warnings.warn(
                f'{loss} counts in pixels of an input of {_text(loss.input_size)} (its '
                f'input_size), but the codec of {type(head).__name__} has an input of '
                f'{_text(size)}: leave input_size of the loss out', UserWarning,
                stacklevel=2)


def losses_without_unit(head: nn.Module) -> list[ResidualLoss]:
    """The losses on coordinates in a head that have no ``input_size``."""
    return [loss for loss in _coordinate_losses(head) if loss.input_size is None]


def input_size_of(head: nn.Module) -> tuple[float, float] | None:
    """(w, h) in pixels of the network input of a head; ``None`` without a codec."""
    decoder = getattr(head, 'decoder', None)
    # IntegralRegressionLabel holds one codec for each of its two kinds of labels.
    codec = getattr(decoder, 'keypoint_codec', decoder)
    size = getattr(head, 'input_size', None) or getattr(codec, 'input_size', None)
    return None if size is None else (size[0], size[1])


def _coordinate_losses(head: nn.Module) -> list[ResidualLoss]:
    if not isinstance(head, COORDINATE_HEADS):
        return []
    module = head.loss_module
    if isinstance(head, DSNTHead):
        # A pair, of which the first compares the coordinates.
        module = getattr(module, 'loss_modules', [module])[0]
    return [each for each in module.modules() if isinstance(each, ResidualLoss)]


def _text(size: tuple[float, float]) -> str:
    return f'{size[0]:g} x {size[1]:g}'


def _when_registered(parent: nn.Module, name: str, module: nn.Module | None) -> None:
    if isinstance(module, COORDINATE_HEADS):
        set_loss_units(module)


register_module_module_registration_hook(_when_registered)
