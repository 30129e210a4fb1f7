"""Paint the background: blurred colours, shapes and texture."""

import cv2
import numpy as np

from .colours import any_colour
from .polygons import CIRCLE, SHIFT, Image, fill_polygon, fixed_point, rectangle


def paint_background(rng: np.random.Generator, size: int) -> Image:
    """Paint a square background; ``size`` in pixels."""
    cells = int(rng.integers(2, 7))
    coarse = (np.array(any_colour(rng))
              + rng.normal(0, rng.uniform(5, 45), (cells, cells, 1))
              + rng.normal(0, rng.uniform(2, 22), (cells, cells, 3)))
    coarse = np.clip(coarse, 0, 255).astype(np.uint8)
    image = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
    for _ in range(int(rng.integers(0, 7))):
        colour, kind = any_colour(rng), rng.uniform()
        centre, extent = rng.uniform(0, size, 2), rng.uniform(.05, .35, 2) * size
        if kind < .4:
            angle = rng.uniform(0, np.pi)
            fill_polygon(image, rectangle(centre, extent, angle), colour)
        elif kind < .7:
            fill_polygon(image, centre + CIRCLE * extent, colour)
        else:
            ends = np.stack([centre, rng.uniform(0, size, 2)])
            cv2.polylines(image, [fixed_point(ends)], False, colour,
                          int(rng.integers(1, max(2, size // 20))), cv2.LINE_AA,
                          SHIFT)
    if rng.uniform() < .5:  # leaves, bricks, print
        grain = max(4, int(size / rng.uniform(2, 16)))
        spots = rng.normal(0, rng.uniform(5, 40), (grain, grain)).astype(np.float32)
        texture = cv2.resize(spots, (size, size), interpolation=cv2.INTER_LINEAR)
        image = cv2.add(image, cv2.merge([texture] * 3), dtype=cv2.CV_8U)
    return image
