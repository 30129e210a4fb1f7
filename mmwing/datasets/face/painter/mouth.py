"""Paint lips, teeth and tongue."""

import numpy as np

from ..face_model import Face
from ..face_model.camera import Array
from .canvas import Canvas
from .colours import scaled
from .look import Look
from .polygons import CIRCLE, smooth


def paint_mouth(canvas: Canvas, face: Face, look: Look,
                rng: np.random.Generator) -> None:
    """Paint the lips, and what is seen between them."""
    marks, down = _drawn_mouth(face, rng), face.camera.down
    outer_up, outer_low = smooth(marks[48:55]), smooth(marks[[54, 55, 56, 57, 58,
                                                                59, 48]])
    inner_up = smooth(marks[60:65])
    inner_low = smooth(marks[[64, 65, 66, 67, 60]])
    blur = rng.uniform(0, .9)
    canvas.blend(np.concatenate([outer_up[:-1], outer_low[:-1]]),
                 scaled(look.lip, rng.uniform(.75, 1)), 1, blur)
    canvas.blend(np.concatenate([outer_low, inner_low[::-1]]), look.lip, 1, blur)
    polygon = np.concatenate([inner_up[:-1], inner_low[:-1]])
    gap = np.linalg.norm(marks[62] - marks[66]) / face.camera.scale
    if gap > 1.5:
        clip = canvas.clipped(polygon)
        if clip is not None and face.mouth_open < .25 and rng.uniform() < .85:
            _paint_closed_teeth(clip[0], face, rng, inner_up, inner_low)
            canvas.paste(clip)
        elif clip is not None:
            inside, _, _ = clip
            inside.image[:] = (28, 18, 45)
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
    canvas.line(inner_up, scaled(look.lip, rng.uniform(.4, .8)), rng.uniform(.5, 1.2))
    if gap > 1.5:
        canvas.line(inner_low, scaled(look.lip, rng.uniform(.5, .95)), .8)
    # The fold beside the corner of the mouth.
    across = face.camera.millimetre(marks[54] - marks[48])
    deep, length = rng.uniform(.45, .85), rng.uniform(0, 7)
    for corner, sign in ((48, -1), (54, 1)):
        path = marks[corner] + np.array([[-1, 0], [.5, 0], [1, rng.uniform(-.5, .5)]]
                                        ) @ np.stack([sign * across, down]) * length
        canvas.line(path, scaled(look.skin, deep), rng.uniform(.6, 1.6))


def _drawn_mouth(face: Face, rng: np.random.Generator) -> Array:
    """The landmarks to draw through: lips end a few millimetres beyond their labels.

    Annotators mark where the lips part, short of where colour and fold end, and the
    lower lip short of its shade.
    """
    marks = face.landmarks.copy()
    across = face.camera.millimetre(marks[54] - marks[48])
    down = face.camera.down
    beyond, higher = rng.uniform(2.2, 4.4), rng.uniform(1.6, 2.4)
    if np.linalg.norm(marks[62] - marks[66]) < face.camera.scale:  # closed
        beyond += rng.uniform(0, 3)
    for sign, ends, beside in ((-1, [48, 60], [49, 59]), (1, [54, 64], [53, 55])):
        marks[ends] += sign * beyond * across - higher * np.outer([.5, 1], down)
        marks[beside] += sign * .6 * beyond * across
    marks[[56, 57, 58]] += rng.uniform(2, 3) * down
    marks[[65, 66, 67]] += rng.uniform(1.8, 2.6) * down
    return marks


def _paint_closed_teeth(inside: Canvas, face: Face, rng: np.random.Generator,
                        inner_up: Array, inner_low: Array) -> None:
    """Paint teeth from lip to lip, darker at the corners of the mouth."""
    tone = rng.uniform(.6, 1)
    inside.image[:] = scaled((215, 226, 234), tone)
    gap = scaled((150, 165, 190), tone * rng.uniform(.6, 1))
    places = np.linspace(1, len(inner_up) - 2, 9).astype(int)
    for place in places:
        inside.line(np.stack([inner_up[place], inner_low[len(inner_low) - 1 - place]]),
                    gap, .4)
    if rng.uniform() < .4:
        middle = (inner_up + inner_low[::-1]) / 2
        inside.line(middle, gap, .6)
    for corner, other in ((0, 4), (-1, -5)):
        inside.blend(np.stack([inner_up[corner], inner_up[other],
                               inner_low[::-1][other]]), (40, 35, 60), .6, 1.5)
