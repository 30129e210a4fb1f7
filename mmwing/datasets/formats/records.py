"""The faces that annotation files hold."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .boxes import Box


@dataclass(frozen=True, eq=False)
class LandmarkRecord:
    """One annotated face, in 0-based pixel centres of its image.

    Attributes:
        image_path: The image, with its folder.
        keypoints: Shape (K, 2), float64, pixels; NaN where the file has no number.
        visibility: COCO flags (K,): 0 not annotated, 1 hidden, 2 visible.
        where: What a report calls this face: file, and line or entry.
        image_id: The same for the faces of one image.
        id: Different for each face of a file.
        box: The annotated box, if there is one.
        size: (width, height) of the image in pixels, if the file says so.
        raw: The entry of a JSON file.
    """

    image_path: str
    keypoints: np.ndarray
    visibility: np.ndarray
    where: str
    image_id: int | str
    id: int | str
    box: Box | None = None
    size: tuple[float, float] | None = None
    raw: dict = field(default_factory=dict)

    @property
    def is_crowd(self) -> bool:
        """Whether a JSON file marks it as a crowd, which data sets leave out."""
        return bool(self.raw.get('iscrowd'))

    @property
    def visible(self) -> np.ndarray:
        """Which points count, shape (K,): finite, and not flagged 0."""
        return (self.visibility > 0) & np.isfinite(self.keypoints).all(axis=1)
