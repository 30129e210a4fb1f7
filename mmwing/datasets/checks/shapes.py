"""Faces that are unlike the others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mmwing.datasets.formats.problems import Kind, Problem
from mmwing.datasets.formats.records import LandmarkRecord
from mmwing.geometry import align, odd_point, turn_between

# In units of the mean shape's size: no point of a face, however turned, is further than
# 1 from the mean shape's.
_POINT_TOLERANCE = 1.25
#: Of fewer faces the mean is too much like each.
FACES_FOR_SHAPES = 10


def shape_problems(record: LandmarkRecord, face: np.ndarray, mean: np.ndarray,
                   flip_indices: np.ndarray) -> Iterator[Problem]:
    """Problems of a face that show beside the mean of all.

    Args:
        record: The face.
        face: Its points, (K, 2); NaN where not annotated.
        mean: The mean shape, (K, 2).
        flip_indices: (K,): the point that each one becomes in a mirrored face.
    """
    misfit = _rms(align(face, mean) - mean)
    exchanged = face[flip_indices]
    other = _rms(align(exchanged, mean) - mean)
    # Points in a row, such as the corners of the eyes, look much the same from below:
    # exchanged ones fit as they are, upside down. So the better fit must be upright.
    upright = abs(turn_between(exchanged, mean)) < np.pi / 2
    upside_down = abs(turn_between(face, mean)) > np.pi / 2
    if upright and (2 * other < misfit or upside_down and other < misfit + 1e-6):
        yield Problem(Kind.MIRRORED, record.where,
                      'fits the other faces only with left and right exchanged: was '
                      'the image mirrored?')
        return
    point, distance = odd_point(face, mean)
    if distance > _POINT_TOLERANCE:
        yield Problem(Kind.SHAPE, record.where,
                      f'point {point} is far from where the other faces have it')


def _rms(offsets: np.ndarray) -> float:
    """Root mean square length of the known offsets (K, 2)."""
    known = offsets[np.isfinite(offsets).all(1)]
    return float(np.sqrt((known ** 2).sum(1).mean())) if len(known) else np.nan
