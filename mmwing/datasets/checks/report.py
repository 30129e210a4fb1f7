"""What the checks found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from mmwing.datasets.formats.boxes import landmark_box
from mmwing.datasets.formats.problems import Problem, findings_text, is_broken
from mmwing.datasets.formats.records import LandmarkRecord

from .mirror import FACES_FOR_PAIRS


@dataclass
class CheckReport:
    """What :func:`.landmarks.check_landmarks` found.

    Attributes:
        files: What was read.
        records: The faces that could be read, in order.
        num_points: The K that they should have.
        problems: Everything that is broken or looks it, in order.
        mean_shape: Shape (K, 2), unit size; None without a face of K points.
        flip_indices: Those of the points file, shape (K,); None without one.
        links: Pairs of points that drawings join.
        proposal: Flip pairs by geometry, where none are declared or they disagree.
    """

    files: list[str]
    records: list[LandmarkRecord]
    num_points: int
    problems: list[Problem]
    mean_shape: np.ndarray | None = None
    flip_indices: np.ndarray | None = None
    links: list[tuple[int, int]] = field(default_factory=list)
    proposal: list[tuple[int, int]] | None = None

    @property
    def broken(self) -> bool:
        """Whether something must be corrected before training."""
        return is_broken(self.problems)

    def text(self, limit: int | None = 10) -> str:
        """The report to be printed.

        Args:
            limit: How many offenders of each kind are named; None names all.
        """
        return '\n'.join([*self._summary(), *findings_text(self.problems, limit),
                          *self._proposed()])

    def __str__(self) -> str:
        return self.text()

    def _summary(self) -> Iterator[str]:
        images = len({record.image_path for record in self.records})
        yield (f'{", ".join(self.files)}: {len(self.records)} faces in {images} '
               f'images, {self.num_points} points')
        faces = [record for record in self.records
                 if len(record.keypoints) == self.num_points]
        known = [record.visible for record in faces]
        if not np.any(known):
            return
        sides = [max(landmark_box(record.keypoints[visible])[2:])
                 for record, visible in zip(faces, known, strict=True)
                 if visible.any()]
        low, middle, high = np.percentile(sides, [0, 50, 100])
        share = f'{100 * np.mean(known):.2f}'.rstrip('0').rstrip('.')
        yield (f'annotated: {share} % of the points; longer side of the landmark box: '
               f'{low:.0f} to {high:.0f} pixels, median {middle:.0f}')

    def _proposed(self) -> Iterator[str]:
        if self.proposal is not None:
            pairs = ', '.join(f'[{first}, {second}]' for first, second in self.proposal)
            few = sum(len(record.keypoints) == self.num_points
                      for record in self.records)
            doubt = (f'; from {few} faces only, so probably wrong in places'
                     if few < FACES_FOR_PAIRS else '')
            yield ('flip pairs by the geometry of the mean face (compare them with '
                   f'the sheet{doubt}):')
            yield f'flip_pairs: [{pairs}]'
