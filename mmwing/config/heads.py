"""Families of MMPose's heads and the kind of loss that each takes."""

from __future__ import annotations

from dataclasses import dataclass

from mmpose.registry import MODELS

from mmwing.models.losses import ResidualLoss
from mmwing.walk import type_name

from .losses import takes_heatmaps

COORDINATES = 'coordinates'
HEAT_MAPS = 'heat maps'

#: What to do where no loss fits, said in messages.
DIRECT = '`mmwing swap --head direct`'


@dataclass(frozen=True)
class Family:
    """Heads that use their loss in the same way.

    Attributes:
        name: What a person calls it.
        takes: What its loss compares, ``COORDINATES`` or ``HEAT_MAPS``; ``None`` if
            no loss of mmwing's fits.
        reason: Why none fits.
        is_pair: Whether the loss is a wrapper of two, the coordinates' one first.
    """

    name: str
    takes: str | None = None
    reason: str = ''
    is_pair: bool = False


_SIMCC = Family('SimCC', reason=(
    'compares distributions over bins along x and y, which have no residual in '
    'pixels: keep its KLDiscretLoss'))
_RLE = Family('RLE', reason=(
    'calls its loss with a third tensor, sigma: residual log-likelihood learns the '
    'shape of the penalty itself, so keep its RLELoss'))
_GROUPING = Family('associative embedding', reason=(
    'needs a loss that also groups key points into instances'))
_VOLUME = Family('3D heat maps', reason='compares volumes, not maps')
_HEATMAP = Family('heat map', HEAT_MAPS)

#: Class -> family; a subclass belongs to that of its nearest base in the table.
FAMILIES = {
    'RegressionHead': Family('regression', COORDINATES),
    'IntegralRegressionHead': Family('integral regression', COORDINATES),
    'DSNTHead': Family('DSNT', COORDINATES, is_pair=True),
    'HeatmapHead': _HEATMAP,
    'CPMHead': _HEATMAP,
    'MSPNHead': _HEATMAP,
    'AssociativeEmbeddingHead': _GROUPING,
    'Heatmap3DHead': _VOLUME,
    'SimCCHead': _SIMCC,
    'RTMCCHead': _SIMCC,
    'RTMWHead': _SIMCC,
    'RLEHead': _RLE,
}


def pose_head(model: dict, key: str = 'model') -> tuple[str, dict]:
    """The head that predicts the landmarks, and its key in the config.

    ``VisPredictHead`` wraps another head, which is the one that counts.

    Raises:
        ValueError: If there is none.
    """
    head, key = model.get('head'), f'{key}.head'
    while isinstance(head, dict) and isinstance(head.get('pose_cfg'), dict):
        head, key = head['pose_cfg'], f'{key}.pose_cfg'
    if not isinstance(head, dict) or 'type' not in head:
        raise ValueError('the config is not a pose config that mmwing can change: its '
                         'model has no head')
    return key, head


def pose_heads(cfg: dict) -> list[tuple[str, dict]]:
    """The heads of a config with their keys: one, or one of each stage of a cascade."""
    model = cfg.get('model')
    if not isinstance(model, dict):
        return []
    parts = [('model', model)]
    parts += [(f'model.{name}', part) for name, part in model.items()
              if isinstance(part, dict)]
    return [pose_head(part, key) for key, part in parts
            if isinstance(part.get('head'), dict) and 'type' in part['head']]


def head_class(head: dict) -> type:
    """The class that the config of a head names.

    Raises:
        ValueError: If MMPose has none of that name.
    """
    cls = MODELS.get(type_name(head))
    if cls is None:
        raise ValueError(f'the head {head["type"]!r} is not registered; add the '
                         'module that defines it to custom_imports')
    return cls


def family_of(head: dict) -> Family:
    """The family of the head of a config."""
    for cls in head_class(head).__mro__:
        if cls.__name__ in FAMILIES:
            return FAMILIES[cls.__name__]
    return Family('other', reason=(
        'is none of the heads that mmwing knows: ' + ', '.join(sorted(FAMILIES))))


def check_fit(head: dict, loss: type[ResidualLoss]) -> None:
    """See that the head compares what the loss is made for.

    Raises:
        ValueError: It does not; says why and what to do instead.
    """
    family, name = family_of(head), head['type']
    if family.takes is None:
        raise ValueError(f'{loss.__name__} does not fit {name}, which {family.reason}, '
                         f'or turn the model into direct regression with {DIRECT}')
    if takes_heatmaps(loss) and family.takes == COORDINATES:
        raise ValueError(f'{loss.__name__} compares heat maps, but {name} gives its '
                         'loss coordinates: use WingLoss')
    if not takes_heatmaps(loss) and family.takes == HEAT_MAPS:
        raise ValueError(
            f'{loss.__name__} compares coordinates in pixels, but {name} gives its '
            'loss heat maps: use AdaptiveWingLoss or HeatmapWingLoss, or turn the '
            f'model into direct regression with {DIRECT}')
