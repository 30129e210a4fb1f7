"""Paint the brows."""

import numpy as np

from ..face_model import Face
from .canvas import Canvas
from .look import Look
from .polygons import smooth


def paint_brows(canvas: Canvas, face: Face, look: Look,
                rng: np.random.Generator) -> None:
    """Paint both brows, along their landmarks."""
    up = face.camera.rotation[:2, 1] * face.camera.scale
    thickness = rng.uniform(1.6, 3.6)
    taper = np.interp(np.arange(17), [0, 5, 16], [.35, .8, 1.0])[:, None]
    for marks, half in ((face.landmarks[17:22], taper),
                        (face.landmarks[22:27], taper[::-1])):
        middle = smooth(marks)
        band = half * thickness * up
        canvas.blend(np.concatenate([middle - band, (middle + band)[::-1]]),
                     look.brow, .92, .45)
