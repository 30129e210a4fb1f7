"""Shade the head as its light does."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ..face_model import Face
from ..face_model.camera import Array
from .canvas import Canvas
from .look import Look
from .polygons import DISC, Image, fill_polygon, smooth
from .solids import skull_outline


def light_face(image: Image, face: Face, look: Look,
               rng: np.random.Generator) -> Image:
    """Shade the head like an ellipsoid, its hollows and ridges, and mottle it."""
    size = image.shape[0]
    low = max(32, size // 4)
    ratio = low / size
    camera = face.camera
    head = np.array([0.0, 8.0, -58.0])
    radii = np.array([82 * face.width, 118.0, 84.0])
    grid = (np.arange(low) + .5) / ratio - .5
    x, y = np.meshgrid(grid, grid)
    seen = (np.stack([x, y], -1) - camera(head)) / camera.scale
    # Solve |(ray in the ellipsoid's own frame)| = 1 for the depth of each pixel.
    stretch = camera.rotation / radii  # columns: head axes, rows: picture axes
    flat = seen @ stretch[:2]
    ray = stretch[2]
    a, b = ray @ ray, flat @ ray
    c = (flat**2).sum(-1) - 1
    root = np.sqrt(np.maximum(b * b - a * c, 0))
    local = flat + ((root - b) / a)[..., None] * ray
    normal = (local / radii) @ camera.rotation.T
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    lambert = np.clip(normal @ look.light, -.2, 1)
    level = 1 + look.contrast * (1.25 * lambert - .95)

    level = cv2.resize(level.astype(np.float32), (size, size),
                       interpolation=cv2.INTER_LINEAR)
    mask = np.zeros((size, size), np.uint8)
    for part in (skull_outline(face), smooth(face.outline, closed=True)):
        fill_polygon(mask, part, 255)
    weight = mask.astype(np.float32) / 255
    gain = (1 + weight * (level - 1)) * _relief(face, look, size)
    for cells in (6, 24):
        mottle = rng.normal(0, rng.uniform(0, .1), (cells, cells)).astype(np.float32)
        gain *= 1 + weight * cv2.resize(mottle, (size, size),
                                        interpolation=cv2.INTER_CUBIC)
    return cv2.multiply(image, cv2.merge([gain, gain, gain]), dtype=cv2.CV_8U)


def paint_shadow(canvas: Canvas, face: Face, rng: np.random.Generator) -> None:
    """Let something outside of the picture throw a shadow over part of the face."""
    if rng.uniform() < .75:
        return
    edge = face.landmarks[int(rng.integers(68))]
    angle = rng.uniform(0, 2 * np.pi)
    along = np.array([np.cos(angle), np.sin(angle)]) * canvas.size
    beyond = np.array([-along[1], along[0]])
    bend = beyond * rng.uniform(-.12, .12, (3, 1))
    front = edge + along * np.array([[-1.5], [0], [1.5]]) + bend
    canvas.blend(np.concatenate([smooth(front), front[::-2] + 2 * beyond]),
                 (20, 15, 15), rng.uniform(.15, .7), rng.uniform(.3, 5))


def _relief(face: Face, look: Look, size: int) -> NDArray[np.float32]:
    """Return soft light and dark patches of eye sockets, cheeks, nose and chin.

    A factor (size, size), 1 where the face is flat.
    """
    points, camera = face.shape, face.camera
    layer = np.full((size, size), 128, np.uint8)
    side = float(np.sign(look.light[0]) or 1)

    def patch(polygon: Array, level: float) -> None:
        fill_polygon(layer, camera(polygon), 128 + level * look.relief)

    def disc(centre: Array, radii: tuple[float, float], level: float) -> None:
        patch(centre + DISC * (*radii, 0), level)

    for start, sign in ((36, -1), (42, 1)):
        eye = points[start:start + 6].mean(0)
        disc(eye + (-sign * 1, -5, 0), (18, 11), -26)
        disc(eye + (sign * 4, 30, 6), (13, 9), 16)
    disc(np.array([0, -52, 16]), (26, 14), 12)
    disc(points[8] + (0, -8, 4), (11, 7), 12)
    disc(points[57] + (0, 5.5, 0), (13, 3.5), -26)
    disc(points[33] + (0, 5, -4), (12, 4), -30)
    # The flank of the nose away from the light is dark, the other one bright.
    for toward, level in ((-side, -30), (side, 14)):
        flank = points[[33, 28]] + np.array([(toward * 12.5, -2.5, -10),
                                             (toward * 8.5, 0, -9)])
        patch(np.concatenate([points[27:31] + (toward * 1.5, 0, -1), flank]), level)
    soft: Image = cv2.GaussianBlur(layer, (0, 0), 2.6 * camera.scale)
    return soft.astype(np.float32) / np.float32(128)
