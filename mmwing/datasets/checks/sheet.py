"""Draw faces with what the checks found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from mmwing.datasets.formats.records import LandmarkRecord
from mmwing.images import ImageError, read_image
from mmwing.visualization import draw_numbered_sheet

from .report import CheckReport


def draw_check_sheet(report: CheckReport, num: int = 8) -> np.ndarray:
    """Draw the mean face, then faces with numbered points: offenders first.

    Half of the sheet at most is offenders; the rest are evenly spaced faces.
    Faces whose image cannot be read are left out.

    Args:
        report: What :func:`.landmarks.check_landmarks` returned.
        num: How many faces.

    Returns:
        (H, W, 3) uint8, BGR.

    Raises:
        ValueError: If ``num`` is negative.
    """
    if num < 0:
        raise ValueError(f'num must not be negative, got {num}')
    mean = report.mean_shape
    if mean is None:
        mean = np.full((report.num_points, 2), np.nan)
    flips, kind = report.flip_indices, 'flip pairs of the points file'
    if flips is None:
        flips, kind = np.arange(report.num_points), 'proposed flip pairs'
        for first, second in report.proposal or ():
            flips[[first, second]] = second, first
    pairs = (flips > np.arange(len(flips))).sum()
    title = f'mean face: {report.num_points} points, {pairs} {kind}'
    faults = defaultdict(list)
    for problem in report.problems:
        faults[problem.where].append(problem.kind.value)
    offenders = [record for record in report.records if faults.get(record.where)]
    others = [record for record in report.records if not faults.get(record.where)]
    shown = list(islice(_readable(offenders), num // 2))
    step = max(1, len(others) // max(1, num - len(shown)))
    shown += islice(_readable(others[::step]), num - len(shown))
    return draw_numbered_sheet(
        mean, flips, [image for image, _ in shown],
        [np.where(record.visible[:, None], record.keypoints, np.nan)
         for _, record in shown],
        [f'{Path(record.image_path).name} {", ".join(faults[record.where])}'
         for _, record in shown],
        [bool(faults[record.where]) for _, record in shown], report.links, title)


def _readable(records: list[LandmarkRecord]
              ) -> Iterator[tuple[np.ndarray, LandmarkRecord]]:
    """Records and their images, as far as these can be read."""
    for record in records:
        try:
            image = read_image(record.image_path)
        except ImageError:
            continue
        yield image, record
