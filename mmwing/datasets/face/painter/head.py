"""Paint the head, its parts from back to front."""

from __future__ import annotations

import numpy as np

from ..face_model import Face
from .accessories import paint_fringe, paint_glasses
from .canvas import CIRCLE, DISC, OVERSAMPLE, Canvas, smooth
from .eyes import paint_brows, paint_eye
from .look import Look, mix, scaled
from .mouth import paint_mouth
from .nose import paint_nose
from .solids import ellipsoid


def paint_head(canvas: Canvas, face: Face, look: Look,
               rng: np.random.Generator) -> None:
    """Everything that belongs to the head."""
    width = 76 * face.width
    paint_behind(canvas, face, look, rng, width)
    outline = smooth(face.outline, closed=True)
    canvas.fill(outline, look.skin)
    paint_skin(canvas, face, look, rng)
    for start, opening in ((36, face.eye_open[0]), (42, face.eye_open[1])):
        paint_eye(canvas, face, look, rng, start, opening)
    paint_brows(canvas, face, look, rng)
    paint_mouth(canvas, face, look, rng)
    paint_nose(canvas, face, look)
    paint_fringe(canvas, face, look, rng, width)
    if look.glasses:
        paint_glasses(canvas, face, look, rng)


def paint_behind(canvas: Canvas, face: Face, look: Look,
                 rng: np.random.Generator, width: float) -> None:
    """Back hair, neck, clothes, skull and ears: what the face is painted over."""
    camera, scale = face.camera, face.camera.scale
    size = len(canvas.image) / OVERSAMPLE
    if look.hair_style == 'long':
        length = rng.uniform(60, 170)
        mane = ellipsoid(camera, (0, -10, -80), (width + 12, 92, 84))
        # The lower half of the mane hangs down, however the head is turned.
        hanging = np.maximum(mane[:, 1] - mane[:, 1].mean(), 0)
        mane[:, 1] += hanging * length / 90
        canvas.fill(mane, scaled(look.hair, .7))

    throat = camera(np.array([0.0, 80.0, -62.0]))
    half = rng.uniform(.52, .68) * width * scale
    neck = throat + np.array([[-half, -20 * scale], [half, -20 * scale],
                              [half * 1.12, 2 * size], [-half * 1.12, 2 * size]])
    canvas.fill(neck, scaled(look.skin, .72))
    collar = throat[1] + rng.uniform(62, 85) * scale
    shoulder = rng.uniform(150, 210) * scale
    x = throat[0]
    canvas.fill(np.array([
        [x - half * 1.05, collar - 8 * scale], [x, collar + 14 * scale],
        [x + half * 1.05, collar - 8 * scale], [x + shoulder, collar + 40 * scale],
        [x + shoulder * 1.1, collar + 3 * size],
        [x - shoulder * 1.1, collar + 3 * size],
        [x - shoulder, collar + 40 * scale]]), look.cloth)

    bald = look.hair_style == 'bald'
    bulk = 0 if bald else rng.uniform(3, 12)
    skull = ellipsoid(camera, (0, -12, -72),
                      (width + bulk, 84 + bulk, 90 + bulk))
    canvas.fill(skull, scaled(look.skin, .9) if bald else scaled(look.hair, .9))

    if look.hair_style == 'long' and rng.uniform() < .6:
        return  # ears under the hair
    flare = rng.uniform(5, 14)
    for sign in (-1, 1):
        if sign * face.yaw > .45:
            continue  # turned away, behind the face
        turn = CIRCLE * (13, 29)
        ear = np.stack([sign * (width - 2 + flare * (.6 - CIRCLE[:, 0] * .5)),
                        16 + turn[:, 1] - .15 * turn[:, 0], -68 + turn[:, 0]], -1)
        ear[:, 0] += sign * flare * .4 * np.clip(-CIRCLE[:, 1], 0, 1)
        canvas.fill(camera(ear), scaled(look.skin, .93))
        inner = ear[:17] * (1, .72, 1) + (0, 4, 1.5)
        canvas.line(camera(inner), scaled(look.skin, .66), 1.6)


def paint_skin(canvas: Canvas, face: Face, look: Look,
               rng: np.random.Generator) -> None:
    """Cheeks, beard and folds."""
    camera, points, marks = face.camera, face.shape, face.landmarks
    if rng.uniform() < .5:
        blush = mix(look.skin, (90.0, 80.0, 215.0), .55)
        for sign in (-1, 1):
            centre = np.array([sign * 42 * face.width, 38, 0])
            disc = DISC * (15, 12, 0)
            canvas.blend(camera(centre + disc), blush, rng.uniform(.1, .45), 5)
    if look.beard:
        inner = points[[54, 54, 56, 58, 48, 48]] + np.array([
            (8, -14, -2), (9, 3, 0), (6, 9, 0), (-6, 9, 0), (-9, 3, 0), (-8, -14, -2)])
        outline = smooth(face.outline, closed=True)  # 4 points a landmark
        patch = np.concatenate([outline[8:57], camera(inner)])
        clip = canvas.clipped(outline)
        if clip is not None:
            clip[0].blend(patch, mix(look.hair, look.skin, .15), look.beard, 2.5)
            canvas.paste(clip)
    if look.moustache:
        patch = np.concatenate([points[48:55] - (0, 1, 0), points[[35, 33, 31]]
                                + (0, 3, 0)])
        canvas.blend(camera(patch), mix(look.hair, look.skin, .15),
                     look.moustache, 1.5)
    fold = scaled(look.skin, .72)
    depth = rng.uniform(0, .8)
    for nostril, corner, sign in ((31, 48, -1), (35, 54, 1)):
        start = points[nostril] + (sign * 6, -4, -4)
        end = points[corner] + (sign * 7, -2, -2)
        middle = (start + end) / 2 + (sign * 4, 0, 0)
        path = smooth(np.stack([start, middle, end]))
        band = np.concatenate([path, path[::-1] + (sign * 2.4, 0, 0)])
        canvas.blend(camera(band), fold, depth, .8)
    if face.mouth_open < .3:
        crease = marks[[58, 57, 56]] * .72 + marks[[8]] * .28
        canvas.line(smooth(crease), mix(look.skin, fold, .5), 1.5)
