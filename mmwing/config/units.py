"""Give losses their unit: the input size of the codec."""

from __future__ import annotations

from mmengine.config import Config

from mmwing.models.heads import DirectRegressionHead

from .codecs import check_heatmap_values, input_size_of
from .heads import check_fit, family_of, head_class, pose_head
from .losses import check_arguments, find_loss, is_ours, takes_heatmaps
from .points import check_points
from .walk import type_name, walk


def give_losses_their_units(cfg: Config) -> list[str]:
    """Complete a config whose head names a loss of mmwing's.

    ``--cfg-options model.head.loss.type=mmwing.WingLoss`` on top of a config of
    MMPose's is then enough: the loss gets the ``input_size`` of the codec, in place,
    and ``custom_imports`` names mmwing, so that MMPose's scripts read the config that
    the run saves. :class:`mmwing.DirectRegressionHead` sees to units itself. Beside a
    loss on heat maps (DSNT, integral regression) it gets its weight, too, see
    :func:`balance_of_pair`.

    Args:
        cfg: The config of a run, changed in place.

    Returns:
        Keys of the losses that were given an input size.

    Raises:
        ValueError: The loss does not fit the head, or the head not the number of
            landmarks of the data; says why and what does.
        TypeError: The loss does not have an argument that the base config left over.
    """
    model = cfg.get('model')
    if not isinstance(model, dict) or not isinstance(model.get('head'), dict):
        return []
    key, head = pose_head(model)
    ours = [(where, each) for where, each in walk(head.get('loss'), f'{key}.loss')
            if is_ours(each)]
    if not ours:
        return []
    add_import(cfg)
    check_points(cfg, head)
    is_direct = issubclass(head_class(head), DirectRegressionHead)
    filled = []
    for where, config in ours:
        loss = find_loss(type_name(config))
        if not is_direct:
            # First: what the base left over does not matter where no loss fits.
            check_fit(head, loss)
            _check_place(where, key, family_of(head).is_pair)
        arguments = {name: value for name, value in config.items() if name != 'type'}
        try:
            check_arguments(loss, arguments)
        except TypeError as error:
            raise TypeError(
                f'{where}: {error}. What the base config sets for another loss stays '
                'when only the type is changed: write a config in which '
                f"{where} has _delete_=True, or let `mmwing swap` do it") from None
        if is_direct:
            continue
        if takes_heatmaps(loss):
            check_heatmap_values(cfg, head)
        elif config.get('input_size') is None:
            config['input_size'] = input_size_of(cfg, head)
            filled.append(where)
            if family_of(head).is_pair:
                for name, value in balance_of_pair(config['input_size']).items():
                    config.setdefault(name, value)
    return filled


def balance_of_pair(input_size: tuple[int, int]) -> dict:
    """Arguments of a loss on coordinates that stands beside one on heat maps.

    MMPose's averages over coordinates divided by the input size. One in pixels,
    averaged and divided by the width, is as large: Wing in pixels, divided by the
    width, is Wing of relative coordinates with lengths relative to the width.
    """
    return dict(reduction='mean', loss_weight=1 / input_size[0])


def _check_place(where: str, key: str, is_pair: bool) -> None:
    """See that a loss of a pair stands where the coordinates are compared."""
    first = f'{key}.loss.losses.0'
    if is_pair and where != first:
        raise ValueError(f'{where}: the loss of this head is a pair, of which the '
                         f'first compares the coordinates: set {first}.type')


def add_import(cfg: Config) -> None:
    """Let every script that reads the config import mmwing first."""
    imports = cfg.get('custom_imports') or {}
    names = imports.get('imports') or []
    names = [names] if isinstance(names, str) else list(names)
    if 'mmwing' not in names:
        cfg.custom_imports = dict(imports=[*names, 'mmwing'],
                                  allow_failed_imports=False)
