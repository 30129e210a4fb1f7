"""Paint what covers the forehead, and glasses."""

from __future__ import annotations

import numpy as np

from ..face_model import Face
from .canvas import CIRCLE, Canvas, smooth
from .look import Look, any_colour
from .solids import dome


def paint_fringe(canvas: Canvas, face: Face, look: Look,
                 rng: np.random.Generator, width: float) -> None:
    """Hair or a hat over the forehead."""
    camera = face.camera
    if look.hat:
        cap = dome(camera, (0, -18, -62), (width + 8, 98, 98),
                   rng.uniform(-62, -38))
        canvas.fill(cap, look.cloth)
        return
    if look.hair_style not in ('fringe', 'side'):
        return
    top = face.outline_shape[17:]
    across = np.linspace(1, -1, 9)
    if look.hair_style == 'fringe':
        low = rng.uniform(-56, -32) + rng.uniform(-4, 12) * across**2
    else:
        parting = rng.uniform(.3, .8) * (1 if rng.uniform() < .5 else -1)
        low = -72 + rng.uniform(18, 40) * np.clip((parting - across * np.sign(parting))
                                                  / 1.6, 0, 1) ** 1.2
    low = low + rng.normal(0, 3.5, 9) * (1 - across**4)
    # Never above the hairline, where the fringe grows from.
    low = np.maximum(low, np.interp(across * width * .93, top[::-1, 0], top[::-1, 1]))
    # The fringe lies on the forehead, which is an ellipse seen from above.
    edge = np.stack([across * width * .93, low,
                     -58 + 74 * np.sqrt(np.clip(1 - (across * .93)**2, 0, 1))], -1)
    lower = camera(smooth(edge))
    roof = camera(top * (1.03, 1.14, 1))
    polygon = np.concatenate([lower, roof[::-1]])
    canvas.fill(polygon, look.hair)


def paint_glasses(canvas: Canvas, face: Face, look: Look,
                  rng: np.random.Generator) -> None:
    """Glasses or sunglasses, with the temple that is seen."""
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
