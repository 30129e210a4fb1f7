"""Paint hair and hats, behind the face and over the forehead."""

import numpy as np

from ..face_model import Face
from .canvas import Canvas
from .colours import scaled
from .look import Look
from .polygons import smooth
from .solids import dome, ellipsoid


def paint_mane(canvas: Canvas, face: Face, look: Look,
               rng: np.random.Generator) -> None:
    """Paint long hair behind the head."""
    if look.hair_style != 'long':
        return
    length = rng.uniform(60, 170)
    mane = ellipsoid(face.camera, (0, -10, -80), (face.half_width + 12, 92, 84))
    # The lower half of the mane hangs down, however the head is turned.
    hanging = np.maximum(mane[:, 1] - mane[:, 1].mean(), 0)
    mane[:, 1] += hanging * length / 90
    canvas.fill(mane, scaled(look.hair, .7))


def paint_locks(canvas: Canvas, face: Face, look: Look,
                rng: np.random.Generator) -> None:
    """Paint long hair that falls over the sides of the face."""
    if look.hair_style != 'long' or look.hat and rng.uniform() < .5:
        return
    parting = rng.uniform(-.3, .3) * face.half_width
    for sign in (-1, 1):
        if rng.uniform() < .3:
            continue  # behind the ear
        inner = rng.uniform(.5, .98) * face.half_width
        bend = rng.uniform(.85, 1.1) * face.half_width
        fall = rng.uniform(60, 150)
        inside = np.array([[parting, -88, -20], [sign * inner * .8, -50, 2],
                           [sign * inner, -5, 0], [sign * bend * .95, 45, -25],
                           [sign * bend, fall, -40]])
        outside = np.array([[sign * (face.half_width + 10), fall, -60],
                            [sign * (face.half_width + 14), 30, -60],
                            [sign * (face.half_width + 10), -30, -60],
                            [sign * face.half_width * .7, -90, -50],
                            [parting, -104, -50]])
        edge, back = smooth(inside), smooth(outside)
        canvas.blend(face.camera(np.concatenate([edge, back])), look.hair,
                     1, rng.uniform(0, 1.5))
        for share in rng.uniform(0, 1, 14):
            strand = edge + share * (back[::-1] - edge)
            canvas.line(face.camera(strand), scaled(look.hair, rng.uniform(.6, 1.4)),
                        rng.uniform(.4, 1.5))


def paint_fringe(canvas: Canvas, face: Face, look: Look,
                 rng: np.random.Generator) -> None:
    """Paint hair or a hat over the forehead."""
    camera = face.camera
    if look.hat:
        cap = dome(camera, (0, -18, -62), (face.half_width + 8, 98, 98),
                   rng.uniform(-62, -38))
        canvas.fill(cap, look.cloth)
        return
    if look.hair_style not in ('fringe', 'side'):
        return
    top = face.outline_shape[17:]
    across = np.linspace(1, -1, 9)
    x = across * face.half_width * .93
    if look.hair_style == 'fringe':
        low = rng.uniform(-56, -32) + rng.uniform(-4, 12) * across**2
    else:
        parting = rng.uniform(.3, .8) * (1 if rng.uniform() < .5 else -1)
        low = -72 + rng.uniform(18, 40) * np.clip((parting - across * np.sign(parting))
                                                  / 1.6, 0, 1) ** 1.2
    low = low + rng.normal(0, 3.5, 9) * (1 - across**4)
    # Never above the hairline, where the fringe grows from.
    low = np.maximum(low, np.interp(x, top[::-1, 0], top[::-1, 1]))
    # The fringe lies on the forehead, which is an ellipse seen from above.
    edge = np.stack([x, low,
                     -58 + 74 * np.sqrt(np.clip(1 - (across * .93)**2, 0, 1))], -1)
    lower = camera(smooth(edge))
    roof = camera(top * (1.03, 1.14, 1))
    polygon = np.concatenate([lower, roof[::-1]])
    canvas.blend(polygon, look.hair, rng.uniform(.85, 1), rng.uniform(0, 2))
    top_edge = roof[np.linspace(0, len(roof) - 1, len(lower)).round().astype(int)]
    for place in rng.integers(0, len(lower), 16):
        end = lower[place] + rng.normal(0, 4, 2) * camera.scale
        canvas.line(np.stack([top_edge[place], end]),
                    scaled(look.hair, rng.uniform(.6, 1.4)), rng.uniform(.4, 1.6))
