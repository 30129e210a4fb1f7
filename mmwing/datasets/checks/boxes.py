"""Whether the box of a face holds its points."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mmwing.datasets.formats.boxes import landmark_box
from mmwing.datasets.formats.problems import Kind
from mmwing.datasets.formats.records import LandmarkRecord

# A box that holds fewer of the points than this share is that of another face.
_FEWEST_INSIDE = 0.5
# A box this many times as long as the landmarks' is no longer that of a face.
_LONGEST = 4


def box_findings(record: LandmarkRecord) -> Iterator[tuple[Kind, str]]:
    """What is wrong with the box of a face.

    Args:
        record: The face; it has an annotated point.
    """
    points = record.keypoints[record.visible]
    longest = max(landmark_box(points)[2:])
    box = record.box
    if box is None:
        if longest == 0:
            yield Kind.EMPTY_BOX, 'all points are in one place, and there is no box'
        return
    x, y, width, height = box
    if not np.isfinite(box).all() or min(width, height) <= 0:
        yield Kind.EMPTY_BOX, f'bbox is {width:g} x {height:g} pixels'
        return
    shown = ', '.join(f'{number:g}' for number in box)
    inside = ((points >= (x, y)) & (points <= (x + width, y + height))).all(1).mean()
    if inside < _FEWEST_INSIDE:
        yield (Kind.BOX, f'{100 * inside:.0f} % of the points lie in bbox [{shown}] '
                         '(x, y, width, height)')
    elif longest > 0 and max(width, height) > _LONGEST * longest:
        yield (Kind.BOX, f'bbox [{shown}] is {max(width, height) / longest:.1f} times '
                         'as long as the points spread; it must be x, y, width, height')
