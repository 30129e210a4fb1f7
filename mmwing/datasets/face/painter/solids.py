"""Outlines of solids that are fixed to the head."""

import cv2
import numpy as np

from ..face_model import Camera, Face
from ..face_model.camera import Array
from .polygons import CIRCLE


def ellipsoid(camera: Camera, centre: tuple, radii: tuple) -> Array:
    """Outline of an ellipsoid fixed to the head, as a polygon in pixels."""
    middle = np.array(centre, dtype=np.float64)
    size = np.array(radii, dtype=np.float64)
    spread = (camera.rotation * size**2) @ camera.rotation.T
    shape = np.linalg.cholesky(spread[:2, :2])
    # Perspective: things behind the face are a little smaller.
    depth = 1.0 - (camera.rotation @ middle)[2] / camera.distance
    return camera(middle) + CIRCLE @ shape.T * (camera.scale / depth)


def dome(camera: Camera, centre: tuple, radii: tuple, floor: float) -> Array:
    """Outline of the part of an ellipsoid above ``y = floor``, as a convex hull."""
    levels = np.linspace(0, 1, 5)[:, None]
    lowest = np.clip((floor - centre[1]) / radii[1], -1, 1)
    y = lowest + (-1 - lowest) * levels
    ring = np.sqrt(np.maximum(1 - y**2, 0))
    points = np.stack([ring * CIRCLE[:, 0], y + 0 * CIRCLE[:, 0],
                       ring * CIRCLE[:, 1]], axis=-1).reshape(-1, 3)
    pixels = camera(points * radii + centre).astype(np.float32)
    return cv2.convexHull(pixels)[:, 0].astype(np.float64)


def skull_outline(face: Face, bulk: float = 0) -> Array:
    """Outline of the skull in pixels; ``bulk`` (mm) is the hair on it."""
    return ellipsoid(face.camera, (0, -12, -72),
                     (face.half_width + bulk, 84 + bulk, 90 + bulk))
