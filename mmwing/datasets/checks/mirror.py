"""Whether flip pairs exchange left and right."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mmwing.datasets.formats.problems import Kind, Problem
from mmwing.geometry import LARGEST_TILT, flip_residuals, mirror_tilt

# In units of the mean shape's size (root mean square distance from its centre). On
# 300-W right pairs stay below 0.03, exchanged neighbours on the chin reach 0.35.
_PAIR_TOLERANCE = 0.15
_ANY_PAIRS_TOLERANCE = 0.5
# Times what the pairs by geometry leave at the point, and at most points: few faces may
# be turned to one side on average, and then no pairs fit.
_THAN_OWN, _THAN_OTHERS = 2, 3
#: Fewer faces are turned to one side on average, and so is their mean.
FACES_FOR_PAIRS = 10


def wrong_pairs(mean: np.ndarray, declared: np.ndarray, partners: np.ndarray,
                num_faces: int, where: str = 'points file') -> Iterator[Problem]:
    """Flip pairs that contradict the mean face.

    Faces stand upright on average, to within 45 degrees: pairs that fit a mirror which
    exchanges top and bottom are as wrong as those that fit none.

    Args:
        mean: The mean shape, (K, 2).
        declared: Flip indices of the points file, (K,).
        partners: Those by geometry, (K,).
        num_faces: How many faces the mean is of.
        where: What a report calls the place of the pairs.
    """
    upright = mirror_tilt(mean, partners)
    tilt = mirror_tilt(mean, declared)
    upside_down = abs(tilt) > LARGEST_TILT
    residuals = flip_residuals(mean, declared, upright if upside_down else tilt)
    better = flip_residuals(mean, partners, upright)
    swaps = '; these pairs exchange top and bottom' if upside_down else ''
    if num_faces < FACES_FOR_PAIRS:
        if np.nanmean(residuals) > max(_ANY_PAIRS_TOLERANCE,
                                     _THAN_OWN * np.nanmean(better)):
            yield Problem(Kind.FLIP_PAIRS, where,
                          'the mirrored mean face does not look like the mean face'
                          + swaps)
        return
    wrong = ((declared != partners) & (residuals > _PAIR_TOLERANCE)
             & (residuals > _THAN_OWN * better)
             & (residuals > _THAN_OTHERS * np.nanmedian(better)))
    for point in np.flatnonzero(wrong):
        yield Problem(
            Kind.FLIP_PAIRS, f'{where}, point {point}',
            f'{_partner(point, declared)}, but in the mean face '
            f'{_partner(point, partners)}{swaps}')


def _partner(point: int | np.integer, partners: np.ndarray) -> str:
    other = partners[point]
    return 'has no partner' if other == point else f'mirrors point {other}'
