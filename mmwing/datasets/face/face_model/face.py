"""Draw a random face: who it is, its expression, its pose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .camera import Array, Camera, rotation_matrix
from .expression import random_expression
from .identity import random_identity
from .silhouette import follow_contour, front_ends, slide_to_silhouette

# In a face turned to the picture's right, how much lower brows end, in mm for a right
# angle: annotators follow the near one further down than the far one.
_BROW_ENDS = np.array([3.4, .8, -.8, -3.4])


@dataclass(frozen=True)
class Face:
    """One posed face.

    Attributes:
        landmarks: (68, 2) pixel coordinates, 0-based pixel centres.
        outline: (28, 2) closed contour in pixels: the 17 jaw landmarks, then the
            hairline from right to left.
        shape: (68, 3) landmarks in head coordinates (mm), before sliding.
        outline_shape: (28, 3) the outline in head coordinates, after sliding.
        camera: Maps head coordinates to pixels.
        width: Width of the head relative to the average.
        yaw, pitch, roll: Pose in radians; positive yaw looks to the picture's
            right, positive pitch looks down.
        mouth_open: Opening of the jaw in [0, 1].
        eye_open: Opening of the left and right eye, 0 (closed) to 1.25.
    """

    landmarks: Array
    outline: Array
    shape: Array
    outline_shape: Array
    camera: Camera
    width: float
    yaw: float
    pitch: float
    roll: float
    mouth_open: float
    eye_open: tuple[float, float]

    @property
    def half_width(self) -> float:
        """Half the width of the head at the ears, in mm."""
        return 76 * self.width


def random_face(rng: np.random.Generator, image_size: int) -> Face:
    """Draw one face: identity, expression, pose and its place on the canvas.

    Args:
        rng: Source of all randomness.
        image_size: Side of the square canvas in pixels.

    Returns:
        The face, whose landmarks lie inside the canvas.
    """
    shape, forehead, width = random_identity(rng)
    shape, mouth_open, eye_open = random_expression(rng, shape)
    # The front ends move with their jaw points, so keep this after the expression.
    edge = np.concatenate([shape[:17], forehead])
    front = front_ends(edge)

    yaw = np.deg2rad(60.0) * np.sign(rng.uniform(-1, 1)) * rng.uniform() ** 3
    pitch = np.deg2rad(np.clip(rng.normal(0, 9), -22, 22))
    roll = np.deg2rad(np.clip(rng.normal(0, 11), -28, 28))
    distance = 1.0 / rng.uniform(0.0003, 0.0016)
    level = Camera(rotation_matrix(yaw, pitch, 0.0), distance, 1.0, np.zeros(2))
    outline_shape = slide_to_silhouette(edge, front, level)
    outline_shape[:17] = follow_contour(outline_shape[:17], yaw, pitch, rng)

    points = shape.copy()
    points[:17] = outline_shape[:17]
    points[[17, 18, 25, 26], 1] += np.sin(yaw) * _BROW_ENDS
    rotation = rotation_matrix(yaw, pitch, roll)
    unit = Camera(rotation, distance, 1.0, np.zeros(2))(points)
    low, high = unit.min(0), unit.max(0)
    side = image_size * rng.uniform(0.50, 0.64)
    scale = side / (high - low).max()
    centre = image_size * (0.5 + rng.uniform(-0.06, 0.06, 2)) - 0.5
    camera = Camera(rotation, distance, scale, centre - scale * (low + high) / 2)
    return Face(
        landmarks=camera(points), outline=camera(outline_shape), shape=shape,
        outline_shape=outline_shape, camera=camera, width=width, yaw=yaw,
        pitch=pitch, roll=roll, mouth_open=mouth_open, eye_open=eye_open)
