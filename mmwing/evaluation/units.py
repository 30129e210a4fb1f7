"""See that landmarks, lengths and thresholds of an evaluation are in one unit.

Judged by how far most faces spread, not by single values: predictions may leave [0, 1],
and a normalised face may lie anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .normalizers import box_measure, landmark_boxes

# Nine tenths of the coordinates lie closer to 0 than this where a codec or a
# standardisation has made them: 1 for [0, 1] and [-1, 1], less than 2 in units of the
# standard deviation.
_NORMALISED = 3.0
# The longer side of most faces, in pixels, is more.
_PIXELS = 10.0
# No network that has learnt faces at all is off by this factor.
_SIZES = 20
_NAMES = ('pred', 'target')
# A length that a face's error is divided by lies between a twentieth of the face and
# ten times the face: an eye's width, an image's diagonal.
_LENGTHS = (1 / 20, 10)


@np.errstate(over='ignore', invalid='ignore')
def landmark_doubt(pred: np.ndarray, target: np.ndarray,
                   visible: np.ndarray | None = None) -> str | None:
    """What is wrong with the unit of landmarks (N, K, 2), if it looks so.

    Args:
        pred: Predicted landmarks.
        target: True landmarks; NaN where not annotated.
        visible: (N, K) bool, which landmarks count. By default all.

    Returns:
        A sentence, or ``None``.
    """
    known = np.isfinite(pred).all(-1) & np.isfinite(target).all(-1)
    if visible is not None:
        known &= visible
    if not known.any():
        return None
    extents = [float(np.quantile(np.abs(points[known].astype(np.float64)), 0.9))
               for points in (pred, target)]
    sizes = [float(np.nanmedian(_sides(points, known))) for points in (pred, target)]
    for normalised, pixels in ((0, 1), (1, 0)):
        if extents[normalised] < _NORMALISED and sizes[pixels] > _PIXELS:
            first, second = _NAMES[normalised], _NAMES[pixels]
            return (f'nine tenths of the coordinates of {first} lie within '
                    f'{extents[normalised]:.2g} of 0, while the faces of {second} are '
                    f'{sizes[pixels]:.0f} long: {first} looks normalised and {second} '
                    'like pixels; bring both into one unit')
    if sizes[1] and not 1 / _SIZES <= sizes[0] / sizes[1] <= _SIZES:
        return (f'the faces of pred are {sizes[0] / sizes[1]:.2g} times as large as '
                'those of target: they are in different units, or all landmarks are '
                'predicted in one place')
    return None


def length_doubt(lengths: np.ndarray, target: np.ndarray,
                 visible: np.ndarray | None = None,
                 name: str = 'the normalizer') -> str | None:
    """What is wrong with the unit of lengths (N,) that were given, if it looks so.

    Lengths that are all 1 leave the error as it is, which is taken for intended.

    Args:
        lengths: The lengths.
        target: True landmarks (N, K, 2).
        visible: (N, K) bool, which landmarks count. By default all.
        name: What the sentence calls the lengths.

    Returns:
        A sentence, or ``None``.
    """
    sides = _sides(target, visible)
    usable = np.isfinite(lengths) & (lengths > 0) & (sides > 0)
    if not usable.any() or (lengths[usable] == 1).all():
        return None
    share = float(np.median(lengths[usable] / sides[usable]))
    if _LENGTHS[0] <= share <= _LENGTHS[1]:
        return None
    return (f'{name} is {np.median(lengths[usable]):.3g} for the middle face, whose '
            f'landmarks spread over {np.median(sides[usable]):.3g}: they look like '
            'different units; give the lengths in the unit of the landmarks')


def error_doubt(errors: np.ndarray, threshold: float,
                given: bool = True) -> str | None:
    """What is wrong with the unit of a threshold, if it looks so.

    Args:
        errors: Errors of the faces (N,), without NaN.
        threshold: The threshold that they are compared with.
        given: Whether the errors were given as such. Those of landmarks are large
            where a model has learnt nothing.

    Returns:
        A sentence, or ``None``.
    """
    finite = errors[np.isfinite(errors)]
    if not len(finite):
        return None
    middle = float(np.median(finite))
    if threshold >= 1 > middle:
        return (f'thr={threshold:g} is {threshold:g} times the normaliser, and half of '
                f'the errors are below {middle:.3g}: {percent_advice(threshold)}')
    if given and threshold < 1 <= middle:
        return (f'half of the errors are above {middle:.3g} times the normaliser, and '
                f'thr={threshold:g}: errors in per cent are divided by 100, those in '
                'pixels by the length of the normaliser')
    return None


def check_fractions(thresholds: Sequence[float]) -> None:
    """Raise ValueError where a threshold is not a fraction of a normaliser."""
    for threshold in thresholds:
        if threshold >= 1:
            raise ValueError(f'thr={threshold:g} is {threshold:g} times the '
                             f'normaliser: {percent_advice(threshold)}')


def percent_advice(threshold: float) -> str:
    """How a threshold that was meant in per cent is written."""
    return (f'a threshold is a fraction, {threshold / 100:g} for {threshold:g} % of '
            'the normaliser')


def _sides(points: np.ndarray, known: np.ndarray | None) -> np.ndarray:
    """Longer side (N,) of the box around the known landmarks of each face."""
    return box_measure(landmark_boxes(points, known), 'longer_side')
