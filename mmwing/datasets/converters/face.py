"""One annotated face, in the form that every converter yields."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mmwing.datasets.formats.boxes import Box
from mmwing.datasets.formats.records import LandmarkRecord

from .sources import ImageSource


@dataclass(frozen=True, eq=False)
class Face:
    """One annotated face, in 0-based pixel centres of its source image.

    Attributes:
        image: Where the pixels are.
        file_name: Where the image goes, relative to ``OUT/images``.
        split: Which annotation file the face belongs to, e.g. 'test'.
        keypoints: Landmarks, shape (K, 2), float64, pixels.
        where: What a report calls this face.
        visibility: COCO flags of shape (K,): 2 visible, 1 hidden, 0 not annotated
            (then the landmark is NaN). None if the authors do not say: then every
            landmark is written with 1, annotated.
        box: The authors' box (x, y, w, h) in pixels, if there is one.
        subsets: Names of the subsets the face belongs to.
        attributes: The authors' attribute flags by name.
    """

    image: ImageSource
    file_name: str
    split: str
    keypoints: np.ndarray
    where: str
    visibility: np.ndarray | None = None
    box: Box | None = None
    subsets: tuple[str, ...] = ()
    attributes: dict[str, int] = field(default_factory=dict)

    @property
    def visible(self) -> np.ndarray:
        """Which landmarks are annotated, shape (K,)."""
        known = np.isfinite(self.keypoints).all(axis=1)
        return known if self.visibility is None else known & (self.visibility > 0)

    @property
    def record(self) -> LandmarkRecord:
        """The face as the checks take it."""
        visibility = (np.ones(len(self.keypoints)) if self.visibility is None else
                      self.visibility)
        return LandmarkRecord(self.file_name, self.keypoints, visibility, self.where,
                              image_id=self.file_name, id=self.where, box=self.box)
