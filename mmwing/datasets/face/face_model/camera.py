"""Project points of the head to pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Camera:
    """Rotation, mild perspective, then scale and shift to pixels.

    Attributes:
        rotation: (3, 3) matrix, roll · pitch · yaw.
        distance: Viewing distance in mm; large means weak perspective.
        scale: Pixels per mm at the depth of the eyes.
        offset: (2,) pixel position of the head's origin.
    """

    rotation: Array
    distance: float
    scale: float
    offset: Array

    def __call__(self, points: Array) -> Array:
        """Project (..., 3) head coordinates to (..., 2) pixels."""
        seen = points @ self.rotation.T
        depth = 1.0 - seen[..., 2:] / self.distance
        return seen[..., :2] / depth * self.scale + self.offset

    @property
    def down(self) -> Array:
        """A millimetre down the head, (2,) in pixels."""
        return self.rotation[:2, 1] * self.scale

    def millimetre(self, direction: Array) -> Array:
        """A millimetre along a direction (2,) of the picture, (2,) in pixels."""
        return direction / (max(float(np.linalg.norm(direction)), 1e-6) / self.scale)


def rotation_matrix(yaw: float, pitch: float, roll: float) -> Array:
    """Turn about the vertical axis, then nod, then tilt; radians, shape (3, 3)."""
    cy, sy = np.cos(yaw), np.sin(yaw)
    cp, sp = np.cos(pitch), np.sin(pitch)
    cr, sr = np.cos(roll), np.sin(roll)
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return about_z @ about_x @ about_y
