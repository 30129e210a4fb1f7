"""Paint the brows."""

import numpy as np

from ..face_model import Face
from .canvas import Canvas
from .look import Look
from .polygons import smooth


def paint_brows(canvas: Canvas, face: Face, look: Look,
                rng: np.random.Generator) -> None:
    """Paint both brows below their landmarks, which mark the upper edge.

    The hair of the outer end is thin: often it is seen up to a few millimetres before
    the last landmark only.
    """
    down = face.camera.down
    thickness = rng.uniform(2.5, 8)
    above = rng.uniform(-.45, .15)
    end = int(rng.integers(0, 5))
    taper = np.interp(np.arange(17), [0, 5, 16], [.35, .8, 1.0])[end:, None]
    density, soft = rng.uniform(.45, .95), rng.uniform(.3, 1.2)
    for marks in (face.landmarks[17:22], face.landmarks[26:21:-1]):
        edge = smooth(marks)[end:]
        band = taper * thickness * down
        canvas.blend(np.concatenate([edge - above * band,
                                     (edge + (1 - above) * band)[::-1]]),
                     look.brow, density, soft)
