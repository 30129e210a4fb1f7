"""Paint the nose."""

import cv2
import numpy as np

from ..face_model import Face
from .canvas import Canvas
from .colours import mix, scaled
from .look import Look
from .polygons import DISC, smooth


def paint_nose(canvas: Canvas, face: Face, look: Look,
               rng: np.random.Generator) -> None:
    """Paint the nose; turned far, it hides what is behind it.

    The lowest landmarks lie where the nose meets the lip, some millimetres below the
    nostrils.
    """
    points, camera = face.shape, face.camera
    spread = np.abs(points[35, 0] - points[31, 0]) / 2
    wings = []
    for sign in (-1, 1):
        wings += [points[33] + (sign * spread * 1.12, -6, -10),
                  points[33] + (sign * spread * 1.0, -1, -8)]
    tip = points[30] + np.array([[-7, 1, -5], [7, 1, -5], [0, 6, -3], [0, -1, 1]])
    bridge = points[[28, 29]]
    hull = np.concatenate([points[27:31], wings, tip, bridge + (4, 0, -3),
                           bridge - (4, 0, 3), points[31:36]])
    turned = np.clip((abs(face.yaw) - .3) / .4, 0, 1)
    pixels = camera(hull)
    if turned > 0:
        shape = cv2.convexHull(pixels.astype(np.float32))[:, 0].astype(np.float64)
        canvas.blend(shape, look.skin, float(turned), .5)
    shade = scaled(look.skin, .66)
    # The far flank is seen only as an edge, the darker the further it is turned.
    for sign in (-1, 1):
        flank = np.concatenate([points[27:30] + (sign * 4, 0, -4),
                                points[[30]] + (sign * 7, -1, -6),
                                points[[33]] + (sign * spread * 1.1, -8, -9)])
        strength = .5 if turned > 0 and sign * face.yaw > 0 else .22
        curve = smooth(flank)
        band = np.concatenate([curve, curve[::-1] + (sign * 2.5, 0, -2)])
        canvas.blend(camera(band), shade, strength, .9)
    higher = np.array([0, rng.uniform(1.9, 3.1), 0])
    base = smooth(points[31:36]) - higher
    canvas.blend(camera(np.concatenate([base, base[::-1] + (0, 2.6, -1)])), shade,
                 .75, .6)
    size, density = rng.uniform(.14, .36), rng.uniform(.3, .95)
    for nostril, inner in ((31, 32), (35, 34)):
        hole = points[[nostril, inner]].mean(0) - (0, 1.2, 0) - higher
        disc = DISC * (spread * size * 1.1, size * 9, 0)
        canvas.blend(camera(hole + disc), scaled(look.skin, .22), density, .4)
    for sign in (-1, 1):
        wing = points[33] + np.array([
            [sign * spread * .95, -11, -6], [sign * spread * 1.22, -5, -9],
            [sign * spread * 1.0, 0, -8]]) - higher
        crease = smooth(wing)
        if rng.uniform() < .4:
            canvas.line(camera(crease), scaled(look.skin, rng.uniform(.5, .85)),
                        rng.uniform(.5, 1.6))
        beside = crease[::-1] + (sign * rng.uniform(1.5, 4), 0, 0)
        canvas.blend(camera(np.concatenate([crease, beside])), scaled(look.skin, .5),
                     rng.uniform(.1, .8), rng.uniform(.6, 1.6))
    under = points[30] + np.array([(spread * .9, 3, -3), (0, 5, 1),
                                   (-spread * .9, 3, -3)])
    canvas.blend(camera(np.concatenate([points[31:36] - higher, under])),
                 scaled(look.skin, .45), rng.uniform(0, .6), rng.uniform(.8, 2.2))
    ridge = smooth(points[27:31])
    canvas.blend(camera(np.concatenate([ridge - (1.6, 0, 0),
                                        ridge[::-1] + (1.6, 0, 0)])),
                 mix(look.skin, (255.0, 255.0, 255.0), .5), rng.uniform(0, .6),
                 rng.uniform(.9, 2))
    disc = DISC * (3.0, 2.6, 0)
    shine = points[30] - (0, rng.uniform(0, 2), 0)
    canvas.blend(camera(shine + disc), mix(look.skin, (255.0, 255.0, 255.0), .7),
                 rng.uniform(.1, .7), .8)
