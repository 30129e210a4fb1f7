"""Faces that are unlike the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from mmwing.datasets.formats.problems import Kind, Problem
from mmwing.datasets.formats.records import LandmarkRecord
from mmwing.geometry import align, odd_point, turn_between

# In units of the mean shape's size: no point of a face, however turned, is further than
# 1 from the mean shape's.
_POINT_TOLERANCE = 1.25
# Two known points fit any face: what is left of the misfit is rounding.
_ROUNDING = 1e-6
# Faces that are compared at once.
_BLOCK = 1024
#: Of fewer faces the mean is too much like each.
FACES_FOR_SHAPES = 10


def shape_problems(records: Sequence[LandmarkRecord], faces: np.ndarray,
                   mean: np.ndarray, flip_indices: np.ndarray) -> Iterator[Problem]:
    """Problems of faces that show beside the mean of all.

    Args:
        records: The N faces.
        faces: Their points, (N, K, 2); NaN where not annotated.
        mean: The mean shape, (K, 2).
        flip_indices: (K,): the point that each one becomes in a mirrored face.
    """
    for start in range(0, len(faces), _BLOCK):
        block = faces[start:start + _BLOCK]
        mirrored = _mirrored(block, mean, flip_indices)
        points, distances = odd_point(block, mean)
        for record, is_mirrored, point, distance in zip(
                records[start:start + _BLOCK], mirrored, points, distances,
                strict=True):
            if is_mirrored:
                yield Problem(Kind.MIRRORED, record.where,
                              'fits the other faces only with left and right '
                              'exchanged: was the image mirrored?')
            elif distance > _POINT_TOLERANCE:
                yield Problem(Kind.SHAPE, record.where,
                              f'point {point} is far from where the other faces have '
                              'it')


def _mirrored(faces: np.ndarray, mean: np.ndarray,
              flip_indices: np.ndarray) -> np.ndarray:
    """Of each face (N, K, 2) whether it fits only with left and right exchanged."""
    misfit = _rms(align(faces, mean) - mean)
    exchanged = faces[:, flip_indices]
    other = _rms(align(exchanged, mean) - mean)
    # Points in a row, such as the corners of the eyes, look much the same from below:
    # exchanged ones fit as they are, upside down. So the better fit must be upright.
    upright = abs(turn_between(exchanged, mean)) < np.pi / 2
    upside_down = abs(turn_between(faces, mean)) > np.pi / 2
    return upright & ((2 * other + _ROUNDING < misfit)
                      | upside_down & (other < misfit + _ROUNDING))


def _rms(offsets: np.ndarray) -> np.ndarray:
    """Root mean square lengths (N, ) of the known offsets (N, K, 2)."""
    squares = np.ma.masked_invalid((offsets**2).sum(-1))
    return np.sqrt(squares.mean(-1)).filled(np.nan)
