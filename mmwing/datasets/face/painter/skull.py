"""Paint the skull and the ears, on which the face is painted."""

import numpy as np

from ..face_model import Face
from .canvas import Canvas
from .colours import scaled
from .look import Look
from .polygons import CIRCLE
from .solids import skull_outline


def paint_skull(canvas: Canvas, face: Face, look: Look,
                rng: np.random.Generator) -> None:
    """Paint the skull with short hair on it, or bald."""
    bald = look.hair_style == 'bald'
    bulk = 0 if bald else rng.uniform(3, 12)
    canvas.fill(skull_outline(face, bulk),
                scaled(look.skin, .9) if bald else scaled(look.hair, .9))


def paint_ears(canvas: Canvas, face: Face, look: Look,
               rng: np.random.Generator) -> None:
    """Paint the ears that are not turned away or under the hair."""
    if look.hair_style == 'long' and rng.uniform() < .6:
        return  # under the hair
    flare = rng.uniform(5, 14)
    for sign in (-1, 1):
        if sign * face.yaw > .45:
            continue  # turned away, behind the face
        turn = CIRCLE * (13, 29)
        ear = np.stack([sign * (face.half_width - 2 + flare * (.6 - CIRCLE[:, 0] * .5)),
                        16 + turn[:, 1] - .15 * turn[:, 0], -78 + turn[:, 0]], -1)
        ear[:, 0] += sign * flare * .4 * np.clip(-CIRCLE[:, 1], 0, 1)
        canvas.fill(face.camera(ear), scaled(look.skin, .93))
        inner = ear[:17] * (1, .72, 1) + (0, 4, 1.5)
        canvas.line(face.camera(inner), scaled(look.skin, .66), 1.6)
