"""An oversampled picture to paint on, addressed in pixels of the final one."""

from __future__ import annotations

import cv2
import numpy as np

from ..face_model.camera import Array, Camera
from .polygons import SHIFT, Colour, Image, fill_polygon, fixed_point

OVERSAMPLE = 2


class Canvas:
    """The picture while it is painted, at ``OVERSAMPLE`` times its final size.

    Args:
        image: (H, W, 3), painted upon in place; its own pixels are called work pixels.
        camera: Of the head, for lengths in mm.
        origin: Work pixel at which a cut-out begins, (x, y).
    """

    def __init__(self, image: Image, camera: Camera,
                 origin: tuple[int, int] = (0, 0)) -> None:
        self.image = image
        self.camera = camera
        self.origin = np.array(origin)
        self.unit = camera.scale * OVERSAMPLE  # work pixels per mm

    def _work(self, points: Array) -> Array:
        # Pixel centres: final pixel 0 covers work pixels 0 and 1.
        return points * OVERSAMPLE + (OVERSAMPLE - 1) / 2 - self.origin

    @property
    def size(self) -> float:
        """Height of the final picture, in its pixels."""
        return len(self.image) / OVERSAMPLE

    def fill(self, polygon: Array, colour: Colour) -> None:
        """Fill a polygon (N, 2)."""
        fill_polygon(self.image, self._work(polygon), colour)

    def line(self, points: Array, colour: Colour, width: float,
             closed: bool = False) -> None:
        """Draw a line; ``width`` in mm of the head."""
        thickness = max(1, int(round(width * self.unit)))
        cv2.polylines(self.image, [fixed_point(self._work(points))], closed, colour,
                      thickness, cv2.LINE_AA, SHIFT)

    def dot(self, centre: Array, radius: float, colour: Colour) -> None:
        """Draw a disc; ``radius`` in mm of the head."""
        cv2.circle(self.image, fixed_point(self._work(centre)).tolist(),
                   int(radius * self.unit * (1 << SHIFT)), colour, -1,
                   cv2.LINE_AA, SHIFT)

    def blend(self, polygon: Array, colour: Colour, alpha: float,
              soft: float = 0.0) -> None:
        """Lay a translucent polygon over the picture; ``soft`` (mm) blurs its edge."""
        mask, window = self._mask(polygon, soft)
        if mask is None:
            return
        weight = mask * np.float32(alpha / 255)
        part = self.image[window]
        paint = np.full_like(part, np.round(colour))
        part[...] = cv2.blendLinear(part, paint, 1 - weight, weight)

    def clipped(self, polygon: Array) -> tuple[Canvas, Image, tuple] | None:
        """Return a copy to paint on, of which :meth:`paste` keeps the polygon.

        None when the polygon lies outside of the picture.
        """
        mask, window = self._mask(polygon, 0.0)
        if mask is None:
            return None
        copy = Canvas(self.image[window].copy(), self.camera,
                       (window[1].start, window[0].start))
        return copy, mask, window

    def paste(self, clipped: tuple[Canvas, Image, tuple]) -> None:
        """Paint back what :meth:`clipped` gave."""
        copy, mask, window = clipped
        part = self.image[window]
        weight = mask / np.float32(255)
        part[...] = cv2.blendLinear(part, copy.image, 1 - weight, weight)

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
        fill_polygon(mask, work - low, 255)
        if sigma > .3:
            mask = cv2.GaussianBlur(mask, (0, 0), sigma)
        return mask, (slice(low[1], high[1]), slice(low[0], high[0]))
