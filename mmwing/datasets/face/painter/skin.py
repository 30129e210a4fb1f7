"""Paint the skin of the face: cheeks, beard and folds."""

import numpy as np

from ..face_model import Face
from ..face_model.camera import Array
from .canvas import Canvas
from .colours import mix, scaled
from .look import Look
from .polygons import DISC, sag, smooth

# How far the painted edge lies within the contour landmarks of the left half, in mm.
_WITHIN = (.2, .6, .6, .5, .5, .6, 1.2, 1.7)
_JAW_WITHIN = np.array([*_WITHIN, 2.1, *_WITHIN[::-1]])


def paint_skin(canvas: Canvas, face: Face, look: Look,
               rng: np.random.Generator) -> None:
    """Paint the skin, on which eyes, brows, mouth and nose are painted."""
    outline = smooth(_drawn_outline(face), closed=True)  # 4 points a landmark
    if look.beard and rng.uniform() < .6:  # it hangs over the edge of the jaw
        jaw = outline[8:57]
        edge = sag(jaw, rng.uniform(2, 14) * face.camera.down)
        canvas.blend(np.concatenate([jaw, edge[::-1]]),
                     mix(look.hair, look.skin, .15), look.beard, rng.uniform(.5, 2.5))
    # The edge of a photographed jaw is rarely sharp.
    canvas.blend(outline, look.skin, 1, rng.uniform(0, 1.5))
    camera, points, marks = face.camera, face.shape, face.landmarks
    if look.hair_style != 'bald' and rng.uniform() < .35:
        _paint_sideburns(canvas, face, look, rng)
    if rng.uniform() < .5:
        blush = mix(look.skin, (90.0, 80.0, 215.0), .55)
        for sign in (-1, 1):
            centre = np.array([sign * 42 * face.width, 38, 0])
            disc = DISC * (15, 12, 0)
            canvas.blend(camera(centre + disc), blush, rng.uniform(.1, .45), 5)
    if look.beard:
        inner = points[[54, 54, 56, 58, 48, 48]] + np.array([
            (8, -14, -2), (9, 3, 0), (6, 9, 0), (-6, 9, 0), (-9, 3, 0), (-8, -14, -2)])
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


def _drawn_outline(face: Face) -> Array:
    """The outline (28, 2) to draw through: labels lie outside of the jaw's edge."""
    outline = face.outline.copy()
    jaw = outline[:17]
    inward = jaw.mean(0) - jaw
    inward /= np.linalg.norm(inward, axis=1, keepdims=True)
    outline[:17] += inward * _JAW_WITHIN[:, None] * face.camera.scale
    return outline


def _paint_sideburns(canvas: Canvas, face: Face, look: Look,
                     rng: np.random.Generator) -> None:
    """Paint hair in front of the ears, on both ends of the contour."""
    width, density = rng.uniform(3, 12), rng.uniform(.4, 1)
    length = int(rng.integers(2, 5))
    taper = np.linspace(width, 1, length)[:, None]
    for ends, sign in ((slice(0, length), 1), (slice(16, 16 - length, -1), -1)):
        edge = face.outline_shape[:17][ends]
        inner = edge + np.array([[sign, 0, 1]]) * taper
        canvas.blend(face.camera(np.concatenate([edge, inner[::-1]])),
                     mix(look.hair, look.skin, .1), density, rng.uniform(.5, 2))


def paint_wrinkles(canvas: Canvas, face: Face, look: Look,
                   rng: np.random.Generator) -> None:
    """Paint lines on the forehead, and bags and folds about the eyes."""
    camera, points = face.camera, face.shape
    if rng.uniform() < .3:
        for height in rng.uniform(8, 34, int(rng.integers(1, 5))):
            brow = points[[18, 20, 23, 25]].mean(0)
            line = brow + np.stack([np.linspace(-30, 30, 5), -height + rng.normal(
                0, 1.5, 5), np.array([-9, -1, 2, -1, -9])], -1)
            canvas.line(camera(smooth(line)), scaled(look.skin, rng.uniform(.7, .92)),
                        rng.uniform(.4, 1.2))
    bags = rng.uniform(0, .7) if rng.uniform() < .6 else 0.0
    drop = rng.uniform(3, 8)
    for start, sign in ((36, -1), (42, 1)):
        lower = smooth(points[[start + 3, start + 4, start + 5, start]])
        if bags:
            arc = lower + (0, drop, 0)
            canvas.blend(camera(np.concatenate([lower, arc[::-1]])),
                         scaled(look.skin, .6), bags, 1.2)
        if rng.uniform() < .25:
            outer = points[36 if sign < 0 else 45]
            for fan in (-.5, 0, .5):
                foot = outer + np.array([[sign * 4, 4 * fan, -3],
                                         [sign * 11, 11 * fan, -12]])
                canvas.line(camera(foot), scaled(look.skin, .75), .6)
