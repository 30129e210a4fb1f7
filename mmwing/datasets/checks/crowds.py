"""Annotations that are marked as crowds, which data sets leave out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mmwing.datasets.formats.coco_json import crowds_text
from mmwing.datasets.formats.problems import Kind, Problem
from mmwing.datasets.formats.records import LandmarkRecord


def crowd_problems(file: str, records: Sequence[LandmarkRecord]) -> Iterator[Problem]:
    """Say once how many annotations of a file are not trained or tested on.

    Args:
        file: What a report calls it.
        records: Its annotations.
    """
    crowds = [record for record in records if record.is_crowd]
    if crowds:
        yield Problem(Kind.CROWD, file, crowds_text(len(crowds), crowds[0].where))
