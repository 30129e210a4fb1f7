"""Paint what is behind a head."""

from __future__ import annotations

import cv2
import numpy as np

from .canvas import CIRCLE, SHIFT, Image, fill, fixed
from .look import any_colour


def paint_background(rng: np.random.Generator, size: int) -> Image:
    """Blurred colours, some shapes, some texture."""
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
            turn = np.array([[np.cos(angle), -np.sin(angle)],
                             [np.sin(angle), np.cos(angle)]])
            corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * extent
            fill(image, centre + corners @ turn.T, colour)
        elif kind < .7:
            fill(image, centre + CIRCLE * extent, colour)
        else:
            ends = np.stack([centre, rng.uniform(0, size, 2)])
            cv2.polylines(image, [fixed(ends)], False, colour,
                          int(rng.integers(1, max(2, size // 20))), cv2.LINE_AA,
                          SHIFT)
    return image
