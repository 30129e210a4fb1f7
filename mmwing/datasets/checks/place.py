"""Where the points of a face lie in its image."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mmwing.datasets.formats.boxes import landmark_box
from mmwing.datasets.formats.coco_json import LARGEST_COORDINATE
from mmwing.datasets.formats.problems import Kind
from mmwing.datasets.formats.records import LandmarkRecord

from .points import named_points

# A face may be cut off by the border, and points be guessed beyond it. Points that
# span more than this many images, or lie more than one image beyond the border, are
# numbers gone wrong.
_LARGEST_SPAN = 2
_FARTHEST = 1


def place_findings(record: LandmarkRecord, size: tuple[float, float] | None
                   ) -> Iterator[tuple[Kind, str]]:
    """Which points lie outside the image.

    Args:
        record: The face; it has an annotated point.
        size: Width and height of the image in pixels; None if they are not known.
    """
    known = record.visible
    absurd = known & (np.abs(record.keypoints) > LARGEST_COORDINATE).any(1)
    if absurd.any():
        largest = np.abs(record.keypoints[absurd]).max()
        yield (Kind.OUTSIDE, f'{named_points(np.flatnonzero(absurd))} at {largest:g}, '
                             'which lies in no image')
        return
    if size is None:
        return
    image = f'the image of {size[0]:g}x{size[1]:g} pixels'
    # Pixel centres are whole numbers: the image ends half a pixel further.
    low, high = np.array([-0.5, -0.5]), np.array(size) - 0.5
    points = np.where(known[:, None], record.keypoints, 0)
    beyond = np.maximum(low - points, points - high).max(1)
    outside = known & (beyond > 0)
    far = known & (beyond > _FARTHEST * max(size))
    if (outside == known).all():
        yield Kind.OUTSIDE, f'no point lies in {image}'
    elif far.any():
        yield (Kind.OUTSIDE, f'{named_points(np.flatnonzero(far))} more than an '
                             f'image away from {image}')
    elif max(landmark_box(points[known])[2:]) > _LARGEST_SPAN * max(size):
        yield Kind.OUTSIDE, f'the points span more than {_LARGEST_SPAN} times {image}'
    elif outside.any():
        yield (Kind.POINTS_OUTSIDE, f'{named_points(np.flatnonzero(outside))} beyond '
                                    f'{size[0]:g}x{size[1]:g} pixels')
