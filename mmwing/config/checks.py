"""Check that the losses of a config fit its heads, before anything is built."""

from __future__ import annotations

from mmengine.config import Config

from mmwing.walk import type_name, walk

from .codecs import check_heatmap_values, loss_unit
from .heads import check_fit, family_of, pose_heads
from .losses import check_arguments, find_loss, is_ours, takes_heatmaps
from .points import check_points


def check_losses(cfg: Config) -> list[str]:
    """See that each loss of mmwing's fits the head and the data that it stands with.

    Args:
        cfg: The config of a run.

    Returns:
        Dotted keys of the losses of mmwing's.

    Raises:
        ValueError: The loss does not fit the head, nothing tells it the input size,
            or the head, with whatever loss, has not the number of landmarks of the
            data; says why and what does.
        TypeError: The loss does not have an argument that the base config left over.
    """
    return [place for key, head in pose_heads(cfg)
            for place in _check_head(cfg, key, head)]


def _check_head(cfg: Config, key: str, head: dict) -> list[str]:
    ours = [(place, each) for place, each in walk(head.get('loss'), f'{key}.loss')
            if is_ours(each)]
    if ours or 'num_joints' in head:
        check_points(cfg, key, head)
    for place, config in ours:
        loss = find_loss(type_name(config))
        # First: what the base left over does not matter where no loss fits.
        check_fit(head, loss)
        _check_place(place, key, family_of(head).is_pair)
        arguments = {name: value for name, value in config.items() if name != 'type'}
        try:
            check_arguments(loss, arguments)
        except TypeError as error:
            raise TypeError(
                f'{place}: {error}. What the base config sets for another loss stays '
                'when only the type is changed: write a config in which '
                f"{place} has _delete_=True, or let `mmwing swap` do it") from None
        if takes_heatmaps(loss):
            check_heatmap_values(cfg, head)
        elif config.get('input_size') is None:
            loss_unit(head)
    return [place for place, _ in ours]


def _check_place(place: str, key: str, is_pair: bool) -> None:
    """See that a loss of a pair stands where the coordinates are compared."""
    first = f'{key}.loss.losses.0'
    if is_pair and place != first:
        raise ValueError(f'{place}: the loss of this head is a pair, of which the '
                         f'first compares the coordinates: set {first}.type')
