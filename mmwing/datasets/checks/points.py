"""The points of a face by themselves: their number, numbers that are none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from mmwing.datasets.formats.problems import Kind
from mmwing.datasets.formats.records import LandmarkRecord


def point_findings(record: LandmarkRecord,
                   num_points: int) -> Iterator[tuple[Kind, str]]:
    """What is wrong with the points of a face.

    Args:
        record: The face.
        num_points: The number of points that it should have.
    """
    if len(record.keypoints) != num_points:
        yield (Kind.POINT_COUNT,
               f'{len(record.keypoints)} points, expected {num_points}')
    lost = np.flatnonzero((record.visibility > 0) & ~record.visible)
    if len(lost):
        yield (Kind.NOT_FINITE, f'{named_points(lost)}: taken as not annotated')
    known = record.visible
    if not known.any():
        yield Kind.NO_POINTS, 'left out of training'
        return
    points = record.keypoints
    if known.sum() > 1 and points[known].min() >= -1 and points[known].max() <= 1:
        yield (Kind.RANGE, 'all coordinates lie in [0, 1]: pixels are needed, not '
                           'fractions of the image')
    zero = np.flatnonzero(known & (points == 0).all(1))
    if len(zero):
        yield (Kind.POINTS_OUTSIDE, f'{named_points(zero)} at exactly (0, 0): if they '
                                    'are not annotated, their visibility must be 0')


def named_points(indices: Sequence[int] | np.ndarray) -> str:
    """``points 3, 4 and 7 more``, of which eight at most are named."""
    shown = ', '.join(str(index) for index in indices[:8])
    more = f' and {len(indices) - 8} more' if len(indices) > 8 else ''
    return f'point{"s" if len(indices) > 1 else ""} {shown}{more}'
