"""What one face shows by itself."""

from __future__ import annotations

from collections.abc import Iterator

from mmwing.datasets.formats.problems import Kind
from mmwing.datasets.formats.records import LandmarkRecord

from .boxes import box_findings
from .place import place_findings
from .points import point_findings


def face_findings(record: LandmarkRecord, num_points: int,
                  size: tuple[float, float] | None) -> Iterator[tuple[Kind, str]]:
    """What is wrong with the annotation of a face.

    Args:
        record: The face.
        num_points: The number of points that it should have.
        size: Width and height of its image in pixels; None if they are not known.
    """
    yield from point_findings(record, num_points)
    if record.visible.any():
        yield from place_findings(record, size)
        yield from box_findings(record)
