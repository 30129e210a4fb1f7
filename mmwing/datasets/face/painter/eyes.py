"""Paint the eyes."""

import numpy as np

from ..face_model import Face
from ..face_model.camera import Array
from .canvas import Canvas
from .colours import mix, scaled
from .look import Look
from .polygons import smooth


def paint_eyes(canvas: Canvas, face: Face, look: Look,
               rng: np.random.Generator) -> None:
    """Paint both eyes, open as far as the face has them."""
    for start, opening in ((36, face.eye_open[0]), (42, face.eye_open[1])):
        _paint_eye(canvas, face, look, rng, start, opening)


def _paint_eye(canvas: Canvas, face: Face, look: Look,
               rng: np.random.Generator, start: int, opening: float) -> None:
    unit = face.camera.scale
    marks = _drawn_eye(face, rng, start)
    upper, lower = smooth(marks[:4]), smooth(marks[[3, 4, 5, 0]])
    lid_shade = scaled(look.skin, rng.uniform(.5, .8))
    down = face.camera.down
    hollow = np.concatenate([upper - down * rng.uniform(3, 9),
                             lower + down * rng.uniform(0, 5)])
    canvas.blend(hollow, scaled(look.skin, rng.uniform(.35, .8)), rng.uniform(0, .7),
                 rng.uniform(1, 4))
    if opening > .12:
        polygon = np.concatenate([upper[:-1], lower[:-1]])
        clip = canvas.clipped(polygon)
        if clip is not None:
            ball, _, _ = clip
            ball.image[:] = scaled((225, 228, 232), rng.uniform(.55, 1))
            gaze = rng.normal(0, .16, 2).clip(-.4, .4)
            socket = face.shape[start:start + 6]
            centre = socket[[0, 3]].mean(0) * .4 + socket[[1, 2, 4, 5]].mean(0) * .6
            span = float(np.linalg.norm(socket[3] - socket[0]))
            pupil = face.camera(centre + (gaze[0] * span * .6, gaze[1] * 7 - .6, 2))
            ball.dot(pupil, span * .23, scaled(look.iris, .6))
            ball.dot(pupil, span * .195, look.iris)
            ball.dot(pupil, span * .1, (12, 10, 10))
            ball.dot(pupil + unit * np.array([-1.6, -1.8]), span * .05,
                     (250, 250, 250))
            # The upper lid throws a shadow on the ball.
            shadow = upper[::-1] + down * rng.uniform(1, 4)
            ball.blend(np.concatenate([upper, shadow]), (40, 40, 45),
                       rng.uniform(.2, .7), .5)
            canvas.paste(clip)
            if rng.uniform() < .5:
                _paint_caruncle(canvas, look, marks[[3, 0] if start == 36 else [0, 3]],
                                down)
    # Lashes and folds go on beyond the corners of the eye.
    along = face.camera.millimetre(marks[3] - marks[0])
    first, last = (0, 6) if start == 36 else (6, 0)
    begin, end = (
        marks[corner] + along * sign * rng.uniform(0, max(beyond, 3))
        + down * rng.uniform(0, 1.5)
        for corner, sign, beyond in ((0, -1, first), (3, 1, last)))
    lash = scaled(look.brow, rng.uniform(.4, .9))
    canvas.line(lower, mix(lid_shade, look.skin, rng.uniform(0, .7)), .8)
    canvas.line(np.concatenate([[begin], upper, [end]]), lash, rng.uniform(.8, 2.2))
    if rng.uniform() < .3:
        canvas.line(np.concatenate([[end], lower, [begin]]), lash, rng.uniform(.6, 1.4))
    crease = np.concatenate([[begin], upper[2:], [end]])
    canvas.line(crease - down * rng.uniform(2, 6), lid_shade, rng.uniform(.6, 1.2))


def _paint_caruncle(canvas: Canvas, look: Look, corners: Array, down: Array) -> None:
    """Paint the pink flesh in the inner corner; ``corners`` (2, 2): inner, outer."""
    inner, outer = corners
    edge = inner + .14 * (outer - inner)
    canvas.blend(np.stack([inner, edge - 1.2 * down, edge + 1.2 * down]),
                 mix(look.skin, (95.0, 95.0, 190.0), .5), .9, .4)


def _drawn_eye(face: Face, rng: np.random.Generator, start: int) -> Array:
    """The landmarks (6, 2) to draw through, a little outside and above their labels.

    Annotators count the corner by the nose, which is flesh, as part of the eye, and
    stop short of the fold at the other.
    """
    marks = face.landmarks[start:start + 6].copy()
    inner, outer, lid, other_lid = (3, 0, 2, 1) if start == 36 else (0, 3, 1, 2)
    outward = face.camera.millimetre(marks[outer] - marks[inner])
    marks += outward * rng.uniform(1.7, 3.1)
    up = -face.camera.down * rng.uniform(2.3, 3.3)
    marks[inner] += up
    marks[lid] += .3 * up
    marks[other_lid] -= .2 * up
    return marks
