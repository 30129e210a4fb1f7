"""Compare faces with their mean, and the mean with its mirror image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mmwing.datasets.formats.problems import Problem
from mmwing.datasets.formats.records import LandmarkRecord
from mmwing.geometry import mean_shape, mirror_partners

from .mirror import wrong_pairs
from .shapes import FACES_FOR_SHAPES, shape_problems


@dataclass
class Geometry:
    """What the faces together show.

    Attributes:
        mean: Mean shape (K, 2), unit size; None without a face of K points.
        proposal: Flip pairs by geometry, where none are declared or they disagree.
        problems: What contradicts the other faces.
    """

    mean: np.ndarray | None = None
    proposal: list[tuple[int, int]] | None = None
    problems: list[Problem] = field(default_factory=list)


def check_geometry(records: Sequence[LandmarkRecord], num_points: int,
                   flip_indices: np.ndarray | None,
                   where: str = 'points file') -> Geometry:
    """Check faces against each other.

    Args:
        records: The faces; those with another number of points are passed over.
        num_points: K.
        flip_indices: (K,), what the points file declares; None without one.
        where: What a report calls the points file.
    """
    usable = [record for record in records
              if len(record.keypoints) == num_points and record.visible.sum() > 1]
    if not usable:
        return Geometry()
    faces = np.stack([np.where(record.visible[:, None], record.keypoints, np.nan)
                      for record in usable])
    mean = mean_shape(faces)
    found = Geometry(mean)
    partners = flips = mirror_partners(mean)
    if flip_indices is None:
        found.proposal = _pairs(partners)
    else:
        found.problems += wrong_pairs(mean, flip_indices, partners, len(usable),
                                      where)
        if found.problems:
            found.proposal = _pairs(partners)
        else:
            flips = flip_indices
    if len(usable) >= FACES_FOR_SHAPES:
        found.problems += shape_problems(usable, faces, mean, flips)
    return found


def _pairs(partners: np.ndarray) -> list[tuple[int, int]]:
    return [(index, int(other)) for index, other in enumerate(partners)
            if index < other]
