"""Draw anti-aliased shapes on a picture of twice the size."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..face_model import Array, Camera

Image = NDArray[Any]  # uint8, BGR
Colour = tuple[float, float, float]
OVERSAMPLE = 2
SHIFT = 4  # OpenCV's fixed-point polygon coordinates: 1/16 pixel
# OpenCV's anti-aliased fill reaches this far (in pixels) past the polygon's edge.
_FILL_MARGIN = 0.7


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
          for closed, counts in ((True, (8, 28)), (False, (3, 4, 5, 7, 9)))
          for n in counts}
CIRCLE = np.stack([np.cos(np.linspace(0, 2 * np.pi, 24, endpoint=False)),
                   np.sin(np.linspace(0, 2 * np.pi, 24, endpoint=False))], axis=1)
DISC = np.pad(CIRCLE, ((0, 0), (0, 1)))  # in the head's frontal plane


def smooth(points: Array, closed: bool = False) -> Array:
    """Catmull-Rom curve through the points."""
    return _BASIS[len(points), closed] @ points


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


def fixed(points: Array) -> NDArray[np.int32]:
    """Coordinates as OpenCV's fixed-point integers."""
    return np.round(points * (1 << SHIFT)).astype(np.int32)


def fill(image: Image, polygon: Array, colour: float | Colour) -> None:
    """Fill a polygon, anti-aliased, given in pixels of ``image``."""
    cv2.fillPoly(image, [fixed(_inset(polygon, _FILL_MARGIN))], colour,
                 cv2.LINE_AA, SHIFT)


class Canvas:
    """The oversampled picture, addressed in pixels of the final one."""

    def __init__(self, image: Image, camera: Camera,
                 origin: tuple[int, int] = (0, 0)) -> None:
        self.image = image
        self.camera = camera
        self.origin = np.array(origin)  # of a cut-out, in work pixels
        self.unit = camera.scale * OVERSAMPLE  # work pixels per mm

    def _work(self, points: Array) -> Array:
        # Pixel centres: final pixel 0 covers work pixels 0 and 1.
        return points * OVERSAMPLE + (OVERSAMPLE - 1) / 2 - self.origin

    def fill(self, polygon: Array, colour: Colour) -> None:
        """Fill a polygon."""
        fill(self.image, self._work(polygon), colour)

    def line(self, points: Array, colour: Colour, width: float,
             closed: bool = False) -> None:
        """Draw a line; ``width`` in mm of the head."""
        thickness = max(1, int(round(width * self.unit)))
        cv2.polylines(self.image, [fixed(self._work(points))], closed, colour,
                      thickness, cv2.LINE_AA, SHIFT)

    def dot(self, centre: Array, radius: float, colour: Colour) -> None:
        """Draw a disc; ``radius`` in mm of the head."""
        cv2.circle(self.image, fixed(self._work(centre)).tolist(),
                   int(radius * self.unit * (1 << SHIFT)), colour, -1,
                   cv2.LINE_AA, SHIFT)

    def blend(self, polygon: Array, colour: Colour, alpha: float,
              soft: float = 0.0) -> None:
        """Lay a translucent polygon over the picture; ``soft`` (mm) blurs its edge."""
        mask, window = self._mask(polygon, soft)
        if mask is None:
            return
        weight = mask[..., None] * np.float32(alpha / 255)
        part = self.image[window]
        paint = np.array(colour, np.float32)
        part[...] = part + weight * (paint - part) + np.float32(.5)

    def clipped(self, polygon: Array) -> tuple[Canvas, Image, tuple] | None:
        """Return a copy to paint on, of which :meth:`paste` keeps the polygon."""
        mask, window = self._mask(polygon, 0.0)
        if mask is None:
            return None
        copy = Canvas(self.image[window].copy(), self.camera,
                      (window[1].start, window[0].start))
        return copy, mask, window

    def paste(self, clipped: tuple[Canvas, Image, tuple]) -> None:
        """Put back what :meth:`clipped` gave."""
        copy, mask, window = clipped
        part = self.image[window]
        weight = mask[..., None] / np.float32(255)
        part[...] = part + weight * (np.float32(copy.image) - part) + np.float32(.5)

    def _mask(self, polygon: Array, soft: float) -> tuple[Image | None, tuple]:
        work = self._work(polygon)
        sigma = soft * self.unit
        margin = 2 + int(2.5 * sigma)
        height, width = self.image.shape[:2]
        low = np.maximum(np.floor(work.min(0)).astype(int) - margin, 0)
        high = np.minimum(np.ceil(work.max(0)).astype(int) + margin + 1,
                          (width, height))
        if (high <= low).any():
            return None, ()
        mask = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
        fill(mask, work - low, 255)
        if sigma > .3:
            mask = cv2.GaussianBlur(mask, (0, 0), sigma)
        return mask, (slice(low[1], high[1]), slice(low[0], high[0]))
