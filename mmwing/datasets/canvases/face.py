"""What a sample says of a face whose canvas is cropped on the device."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass
class CanvasFace:
    """A face in pixels of its canvas; all arrays are float32 but ``matrix``.

    Attributes:
        keypoints: (K, 2).
        visible: (K,), positive where a landmark is annotated.
        centre: Of the box, (2,).
        sides: Of the box, (2,).
        matrix: From pixels of the photo to pixels of the canvas, (2, 3) float64.
        info: What else the pipeline had, in pixels of the photo.
        index: Of the canvas in its file.
        file: Where the canvases are, if the sample has no pixels.
    """

    keypoints: np.ndarray
    visible: np.ndarray
    centre: np.ndarray
    sides: np.ndarray
    matrix: np.ndarray
    info: dict = field(default_factory=dict)
    index: int = 0
    file: str | None = None
