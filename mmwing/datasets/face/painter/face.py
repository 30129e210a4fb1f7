"""Paint a face: the same one for the same seed and index."""

import cv2
import numpy as np

from ..face_model import Face, random_face
from ..face_model.camera import Array
from .background import paint_background
from .body import paint_neck_and_clothes
from .brows import paint_brows
from .canvas import OVERSAMPLE, Canvas
from .eyes import paint_eyes
from .glasses import paint_glasses
from .hair import paint_fringe, paint_locks, paint_mane
from .light import light_face, paint_shadow
from .look import random_look
from .mouth import paint_mouth
from .nose import paint_nose
from .occluders import paint_occluder
from .photograph import photograph
from .polygons import Image
from .skin import paint_skin, paint_wrinkles
from .skull import paint_ears, paint_skull


def face_landmarks(seed: int, index: int, image_size: int = 128) -> Array:
    """Return the (68, 2) landmarks of a face without painting it.

    Args:
        seed: Which series of faces; two seeds share no face.
        index: Which face of the series.
        image_size: Side of the square canvas in pixels.

    Returns:
        iBUG's 68 points in pixels, 0-based pixel centres.
    """
    return _face(seed, index, image_size).landmarks


def paint_face(seed: int, index: int, image_size: int = 128) -> tuple[Image, Array]:
    """Paint a face.

    Args:
        seed: Which series of faces; two seeds share no face.
        index: Which face of the series.
        image_size: Side of the square canvas in pixels.

    Returns:
        The picture, uint8 BGR (image_size, image_size, 3), and its landmarks as
        :func:`face_landmarks` gives them. The same arguments give the same bytes.
    """
    face = _face(seed, index, image_size)
    rng = np.random.default_rng([seed, index, 1])
    look = random_look(rng)
    canvas = Canvas(paint_background(rng, image_size * OVERSAMPLE), face.camera)
    # From the back to the front. All draw from one random stream: another order is
    # another series of faces.
    paint_mane(canvas, face, look, rng)
    paint_neck_and_clothes(canvas, face, look, rng)
    paint_skull(canvas, face, look, rng)
    paint_ears(canvas, face, look, rng)
    paint_skin(canvas, face, look, rng)
    paint_wrinkles(canvas, face, look, rng)
    paint_eyes(canvas, face, look, rng)
    paint_brows(canvas, face, look, rng)
    paint_mouth(canvas, face, look, rng)
    paint_nose(canvas, face, look, rng)
    paint_fringe(canvas, face, look, rng)
    paint_locks(canvas, face, look, rng)
    paint_glasses(canvas, face, look, rng)
    paint_shadow(canvas, face, rng)
    image = cv2.resize(canvas.image, (image_size, image_size),
                       interpolation=cv2.INTER_AREA)
    image = light_face(image, face, look, rng)
    paint_occluder(image, face, look, rng)
    return photograph(image, rng), face.landmarks


def _face(seed: int, index: int, image_size: int) -> Face:
    # The look has a stream of its own, so that landmarks are known unpainted.
    return random_face(np.random.default_rng([seed, index, 0]), image_size)
