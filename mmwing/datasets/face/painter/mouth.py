"""Paint lips, teeth and tongue."""

import numpy as np

from ..face_model import Face
from .canvas import Canvas
from .colours import scaled
from .look import Look
from .polygons import CIRCLE, smooth


def paint_mouth(canvas: Canvas, face: Face, look: Look,
                rng: np.random.Generator) -> None:
    """Paint the lips, and what is seen between them."""
    marks = face.landmarks
    outer_up, outer_low = smooth(marks[48:55]), smooth(marks[[54, 55, 56, 57, 58,
                                                                59, 48]])
    inner_up = smooth(marks[60:65])
    inner_low = smooth(marks[[64, 65, 66, 67, 60]])
    canvas.fill(np.concatenate([outer_up[:-1], outer_low[:-1]]),
                scaled(look.lip, .88))
    canvas.fill(np.concatenate([outer_low, inner_low[::-1]]), look.lip)
    polygon = np.concatenate([inner_up[:-1], inner_low[:-1]])
    gap = np.linalg.norm(marks[62] - marks[66]) / face.camera.scale
    if gap > 2.2:
        clip = canvas.clipped(polygon)
        if clip is not None:
            inside, _, _ = clip
            inside.image[:] = (28, 18, 45)
            down = face.camera.rotation[:2, 1] * face.camera.scale
            if rng.uniform() < .8:
                tongue = marks[66] + (CIRCLE * (14, 7)) * face.camera.scale
                inside.fill(tongue - down * .5, (85, 75, 165))
            if rng.uniform() < .85:
                drop = down * rng.uniform(3, 7)
                inside.fill(np.concatenate([inner_up - down * 2,
                                            (inner_up + drop)[::-1]]),
                            (222, 232, 238))
            canvas.paste(clip)
    # The dark line between the lips, where they meet or part.
    canvas.line(inner_up, scaled(look.lip, .42), 1.0)
    if gap > 2.2:
        canvas.line(inner_low, scaled(look.lip, .6), .8)
