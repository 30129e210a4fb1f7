"""Boxes of faces; a box is ``(x, y, w, h)`` in pixels, as in COCO."""

from __future__ import annotations

import numpy as np

Box = tuple[float, float, float, float]

#: MMPose's face data sets store a box's side divided by this.
PIXEL_STD = 200.0

#: MMPose's face annotations store the landmark box enlarged by this in ``bbox``.
BBOX_FACTOR = 1.2


def landmark_box(keypoints: np.ndarray) -> Box:
    """The tight box around landmarks of shape (K, 2), of which some may be NaN."""
    x0, y0 = np.nanmin(keypoints, axis=0)
    x1, y1 = np.nanmax(keypoints, axis=0)
    return float(x0), float(y0), float(x1 - x0), float(y1 - y0)


def whole_pixel_box(keypoints: np.ndarray) -> Box:
    """The tight box rounded outwards to whole pixels.

    MMPose's released 300-W and WFLW annotations derive ``center`` and
    ``scale`` from this box.
    """
    x0, y0 = np.floor(np.nanmin(keypoints, axis=0))
    x1, y1 = np.ceil(np.nanmax(keypoints, axis=0))
    return float(x0), float(y0), float(x1 - x0), float(y1 - y0)


def enlarge(box: Box, factor: float) -> Box:
    """The box with ``factor`` times the sides around the same centre."""
    x, y, w, h = box
    return (x - (factor - 1) * w / 2, y - (factor - 1) * h / 2, factor * w,
            factor * h)


def clip(box: Box, width: int, height: int) -> Box:
    """The part of the box inside an image; w and h may become 0."""
    x, y, w, h = box
    x0, x1 = np.clip((x, x + w), 0, width)
    y0, y1 = np.clip((y, y + h), 0, height)
    return float(x0), float(y0), float(x1 - x0), float(y1 - y0)


def centre_and_scale(box: Box) -> tuple[tuple[float, float], float]:
    """MMPose's ``center`` (x, y) in pixels and ``scale``: longer side / 200."""
    x, y, w, h = box
    return (x + w / 2, y + h / 2), max(w, h) / PIXEL_STD
