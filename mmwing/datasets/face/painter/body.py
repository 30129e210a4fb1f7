"""Paint the neck and the clothes."""

import numpy as np

from ..face_model import Face
from .canvas import Canvas
from .colours import scaled
from .look import Look
from .polygons import sag, smooth


def paint_neck_and_clothes(canvas: Canvas, face: Face, look: Look,
                           rng: np.random.Generator) -> None:
    """Paint neck, collar and shoulders, behind the face."""
    camera, scale = face.camera, face.camera.scale
    size = canvas.size
    throat = camera(np.array([0.0, 80.0, -62.0]))
    half = rng.uniform(.52, .68) * face.half_width * scale
    neck = throat + np.array([[-half, -20 * scale], [half, -20 * scale],
                              [half * 1.12, 2 * size], [-half * 1.12, 2 * size]])
    canvas.fill(neck, scaled(look.skin, rng.uniform(.5, 1.05)))
    # The chin throws a soft shadow of any depth, which may end anywhere.
    below = face.outline[3:14] + np.array([rng.uniform(-8, 8), rng.uniform(4, 30)]
                                          ) * scale
    canvas.blend(np.concatenate([face.outline[3:14], below[::-1]]),
                 scaled(look.skin, .4), rng.uniform(0, .8), rng.uniform(.5, 5))
    if rng.uniform() < .25:
        _paint_double_chin(canvas, face, look, rng)
    collar = throat[1] + rng.uniform(35, 85) * scale
    shoulder = rng.uniform(150, 210) * scale
    x = throat[0]
    canvas.fill(np.array([
        [x - half * 1.05, collar - 8 * scale], [x, collar + 14 * scale],
        [x + half * 1.05, collar - 8 * scale], [x + shoulder, collar + 40 * scale],
        [x + shoulder * 1.1, collar + 3 * size],
        [x - shoulder * 1.1, collar + 3 * size],
        [x - shoulder, collar + 40 * scale]]), look.cloth)


def _paint_double_chin(canvas: Canvas, face: Face, look: Look,
                       rng: np.random.Generator) -> None:
    """Paint skin below the jaw, whose own edge is a faint fold then."""
    jaw = smooth(face.outline, closed=True)[8:57]  # 4 points a landmark
    edge = sag(jaw, rng.uniform(6, 24) * face.camera.down)
    canvas.blend(np.concatenate([jaw, edge[::-1]]),
                 scaled(look.skin, rng.uniform(.8, 1)), 1, rng.uniform(.3, 2))
    canvas.line(edge, scaled(look.skin, rng.uniform(.5, .85)), rng.uniform(.5, 2))
    canvas.line(jaw, scaled(look.skin, rng.uniform(.6, .95)), rng.uniform(.5, 2.5))
