"""Curves, discs and anti-aliased polygons in pixels of an image."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..face_model.camera import Array

Image = NDArray[Any]  # uint8, BGR
Colour = tuple[float, float, float]  # blue, green, red

SHIFT = 4  # OpenCV's fixed-point coordinates: 1/16 pixel
# OpenCV's anti-aliased fill reaches this far (in pixels) past the polygon's edge.
_FILL_MARGIN = 0.7
_CORNERS = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])


def _spline_basis(count: int, closed: bool, steps: int = 4) -> Array:
    """Matrix that turns ``count`` points into a Catmull-Rom curve through them."""
    rows = []
    segments = count if closed else count - 1
    for start in range(segments):
        for t in np.arange(steps) / steps:
            row = np.zeros(count)
            weights = (-.5 * t + t**2 - .5 * t**3, 1 - 2.5 * t**2 + 1.5 * t**3,
                       .5 * t + 2 * t**2 - 1.5 * t**3, -.5 * t**2 + .5 * t**3)
            for k, weight in zip(range(start - 1, start + 3), weights, strict=True):
                row[k % count if closed else min(max(k, 0), count - 1)] += weight
            rows.append(row)
    if not closed:
        rows.append(np.eye(count)[-1])
    return np.array(rows)


_BASIS = {(n, closed): _spline_basis(n, closed)
          for closed, counts in ((True, (28,)), (False, (3, 4, 5, 7, 9)))
          for n in counts}
# The unit circle in the picture, and in the head's frontal plane.
CIRCLE = np.stack([np.cos(np.linspace(0, 2 * np.pi, 24, endpoint=False)),
                   np.sin(np.linspace(0, 2 * np.pi, 24, endpoint=False))], axis=1)
DISC = np.pad(CIRCLE, ((0, 0), (0, 1)))


def smooth(points: Array, closed: bool = False) -> Array:
    """Draw a Catmull-Rom curve through points (N, 2 or 3), 4 steps a segment."""
    return _BASIS[len(points), closed] @ points


def sag(line: Array, by: Array) -> Array:
    """Move the middle of a line (N, 2) by a vector (2,), and its ends not at all."""
    return line + np.sin(np.linspace(0, np.pi, len(line)))[:, None] * by


def rectangle(centre: Array, half: Array, angle: float) -> Array:
    """Return the corners (4, 2) of a turned rectangle of half sides ``half``."""
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return centre + _CORNERS * half @ turn.T


def _inset(polygon: Array, distance: float) -> Array:
    """Move a polygon's vertices inwards along their normals."""
    ring = np.concatenate([polygon[-1:], polygon, polygon[:1]])
    chord = ring[2:] - ring[:-2]
    length = np.sqrt((chord * chord).sum(1)) + 1e-6
    # Half the sum of vertex x chord is the area; its sign is the sense of turning.
    area = polygon[:, 0] @ chord[:, 1] - polygon[:, 1] @ chord[:, 0]
    step = (distance if area > 0 else -distance) / length
    moved = polygon.copy()
    moved[:, 0] -= chord[:, 1] * step
    moved[:, 1] += chord[:, 0] * step
    return moved


def fixed_point(points: Array) -> NDArray[np.int32]:
    """Return pixels as the integers that OpenCV takes together with ``SHIFT``."""
    return np.round(points * (1 << SHIFT)).astype(np.int32)


def fill_polygon(image: Image, polygon: Array, colour: float | Colour) -> None:
    """Fill a polygon, anti-aliased, given in pixels of ``image``."""
    cv2.fillPoly(image, [fixed_point(_inset(polygon, _FILL_MARGIN))], colour,
                 cv2.LINE_AA, SHIFT)
