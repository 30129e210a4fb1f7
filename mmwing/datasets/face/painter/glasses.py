"""Paint glasses."""

import numpy as np

from ..face_model import Face
from .canvas import Canvas
from .colours import any_colour
from .look import Look
from .polygons import CIRCLE, smooth


def paint_glasses(canvas: Canvas, face: Face, look: Look,
                  rng: np.random.Generator) -> None:
    """Paint glasses or sunglasses, where the face wears any."""
    if not look.glasses:
        return
    camera, points = face.camera, face.shape
    frame = any_colour(rng, 5, 90) if rng.uniform() < .8 else any_colour(rng)
    size = rng.uniform(.9, 1.12)
    power = rng.uniform(.55, 1.0)  # from nearly square to round
    rim = np.sign(CIRCLE) * np.abs(CIRCLE) ** power * (24 * size, 18 * size)
    thick = rng.uniform(1.2, 3.0)
    inner, outer = [], []
    for start, sign in ((36, -1), (42, 1)):
        middle = points[start:start + 6].mean(0)
        loop = np.stack([middle[0] + sign * 1.5 + rim[:, 0], middle[1] + 4 + rim[:, 1],
                         14 - sign * (rim[:, 0]) * .32], -1)
        seen = camera(loop)
        if look.glasses == 'sun':
            canvas.blend(seen, (22, 18, 18), .9)
        elif rng.uniform() < .5:
            canvas.blend(seen, (255, 250, 245), rng.uniform(.02, .2))
        canvas.line(seen, frame, thick, closed=True)
        order = np.argsort(loop[:, 0] * sign)
        inner.append(loop[order[0]])
        outer.append(loop[order[-1]])
    middle_bridge = (inner[0] + inner[1]) / 2 + (0, -4, 6)
    canvas.line(camera(smooth(np.stack([inner[0], middle_bridge, inner[1]]))), frame,
                thick)
    for end, sign in zip(outer, (-1, 1), strict=True):
        if sign * face.yaw < .15:  # the far temple is behind the face
            ear = np.array([sign * 74 * face.width, 0, -66])
            canvas.line(camera(np.stack([end - (0, 6, 0), ear])), frame, thick)
