"""Whether boxes are given by two corners, x1, y1, x2, y2.

Read as x, y, width, height such a box begins where the face does and ends too far
right and below, by x1 and y1. In a crop, where both are small, it still holds the
landmarks and is merely large. But then the middle of the box lies right of that of the
landmarks, which faces to either side give no reason for, and the other reading puts
it back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from mmwing.datasets.formats.boxes import landmark_box
from mmwing.datasets.formats.problems import Kind, Problem
from mmwing.datasets.formats.records import LandmarkRecord

# In widths of the landmark box: how far right of the landmarks the middles of the boxes
# lie at least, and what the other reading leaves of this at most.
_SMALLEST_SHIFT = 0.08
_LARGEST_REST = 0.5
# How many of the boxes must hold their landmarks when read as corners, and how much of
# their width and height may stand out: detectors cut off chins.
_SHARE = 0.9
_OVERHANG = 0.1
# One face turned to the side looks the same.
_FEWEST_FACES = 5


def are_corners(boxes: np.ndarray, tight: np.ndarray) -> bool:
    """Whether the last two numbers of boxes are a corner and no width and height.

    Args:
        boxes: (N, 4), the boxes as they are given.
        tight: (N, 4), x, y, width and height of the landmarks of each.

    Returns:
        False where nothing tells, as for boxes at the image's upper left corner.
    """
    usable = np.isfinite(boxes).all(1) & np.isfinite(tight).all(1) & (
        tight[:, 2:] > 0).all(1)
    boxes, tight = boxes[usable], tight[usable]
    if len(boxes) < _FEWEST_FACES:
        return False
    overhang = _OVERHANG * tight[:, 2:]
    holds = ((boxes[:, :2] <= tight[:, :2] + overhang)
             & (boxes[:, 2:] >= tight[:, :2] + tight[:, 2:] - overhang)).all(1)
    if holds.mean() < _SHARE:
        return False
    middle = tight[:, 0] + tight[:, 2] / 2
    as_size = (boxes[:, 0] + boxes[:, 2] / 2 - middle) / tight[:, 2]
    as_corner = ((boxes[:, 0] + boxes[:, 2]) / 2 - middle) / tight[:, 2]
    shift, rest = np.median(as_size), np.median(as_corner)
    return bool(shift > _SMALLEST_SHIFT and abs(rest) < _LARGEST_REST * shift
                and _spread(as_corner) <= _spread(as_size))


def _spread(values: np.ndarray) -> float:
    """Median distance from the median, rounded so that equal ones are equal."""
    return round(float(np.median(np.abs(values - np.median(values)))), 3)


def corner_box_problems(file: str,
                        records: Sequence[LandmarkRecord]) -> Iterator[Problem]:
    """Problems with the boxes of one file.

    Args:
        file: What a report calls it.
        records: Its faces.
    """
    faces = [record for record in records
             if record.box is not None and record.visible.any()]
    if not faces:
        return
    boxes = np.array([record.box for record in faces], np.float64)
    tight = np.array([landmark_box(record.keypoints[record.visible])
                      for record in faces])
    if are_corners(boxes, tight):
        yield Problem(Kind.CORNER_BOX, file, corners_text(
            f'bbox of {len(faces)} faces', boxes[0]))


def corners_text(boxes: str, first: Sequence[float] | np.ndarray) -> str:
    """What a message says of boxes that are corners."""
    shown = ', '.join(f'{number:g}' for number in first)
    return (f'{boxes} fits the points as x1, y1, x2, y2, the first one being '
            f'[{shown}], but must be x, y, width, height: write x2 - x1 and y2 - y1 '
            'in the place of the last two numbers')
