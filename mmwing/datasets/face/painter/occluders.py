"""Paint a hand or another thing in front of the face."""

import cv2
import numpy as np

from ..face_model import Face
from .colours import any_colour, scaled
from .look import Look
from .polygons import CIRCLE, SHIFT, Image, fill_polygon, fixed_point, rectangle


def paint_occluder(image: Image, face: Face, look: Look,
                   rng: np.random.Generator) -> None:
    """Hide a part of the face; its landmarks stay annotated, as in iBUG."""
    if not look.occluder:
        return
    scale = face.camera.scale
    target = face.landmarks[int(rng.integers(17))] * .75 + face.landmarks[30] * .25
    if look.occluder == 'hand':
        centre = face.landmarks[30]
        direction = (target - centre) / max(np.linalg.norm(target - centre), 1e-6)
        across = direction[::-1] * (-1, 1)
        for finger in range(4):
            aside = across * (finger - 1.5)
            base = target + (17 * aside + 90 * direction) * scale
            tip = target + (14 * aside - (2, 12, 10, 0)[finger] * direction) * scale
            for width, tone in ((19, .6), (16, .92)):
                cv2.polylines(image, [fixed_point(np.stack([base, tip]))], False,
                              scaled(look.skin, tone), max(1, int(width * scale)),
                              cv2.LINE_AA, SHIFT)
    elif look.occluder == 'box':
        angle = rng.uniform(0, np.pi)
        half = rng.uniform(.12, .26, 2) * 150 * scale
        for share in (1, .8):
            fill_polygon(image, rectangle(target, share * half, angle), any_colour(rng))
    else:
        disc = target + CIRCLE * rng.uniform(12, 26) * scale
        fill_polygon(image, disc, any_colour(rng))
