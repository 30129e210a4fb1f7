"""Paint the brows."""

import numpy as np

from ..face_model import Face
from .canvas import Canvas
from .look import Look
from .polygons import smooth


def paint_brows(canvas: Canvas, face: Face, look: Look,
                rng: np.random.Generator) -> None:
    """Paint both brows below their landmarks, which mark the upper edge.

    At the inner end they are drawn a little short of it, and above. The hair of the
    outer end is thin: often it is seen up to a few millimetres before the last landmark
    only.
    """
    down = face.camera.down
    thickness = rng.uniform(2.5, 8)
    above = rng.uniform(-.35, -.15)
    end = int(rng.integers(0, 5))
    taper = np.interp(np.arange(17), [0, 5, 16], [.35, .8, 1.0])[end:, None]
    density, soft = rng.uniform(.45, .95), rng.uniform(.3, 1.2)
    for marks in (face.landmarks[17:22], face.landmarks[26:21:-1]):
        inward = face.camera.millimetre(marks[4] - marks[3])
        drawn = marks - np.outer([0, 0, 0, .6, 1], 1.7 * inward + 1.2 * down)
        edge = smooth(drawn)[end:]
        band = taper * thickness * down
        canvas.blend(np.concatenate([edge - above * band,
                                     (edge + (1 - above) * band)[::-1]]),
                     look.brow, density, soft)
