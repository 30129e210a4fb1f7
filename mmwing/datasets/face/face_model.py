"""A 3-D model of the 68 iBUG landmarks with random identity, expression and pose.

The model is written by hand from the proportions of an average adult; no face
data went into it. Lengths are millimetres of the head: x to the right of the
picture, y down, z towards the viewer, the origin between the eyes.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# The left half of the picture; the other half is its mirror image. A landmark on
# the symmetry axis is written once.
_JAW = [(-71, 2, -58), (-70.5, 20, -56), (-68.5, 38, -52), (-64.5, 56, -45),
        (-56.5, 73, -34), (-45, 88, -20), (-31, 100, -5), (-16, 108.5, 6),
        (0, 112, 10)]
_BROW = [(-54, -16, -18), (-47, -24, -5), (-36, -27.5, 6), (-24, -25.5, 13),
         (-13, -21, 16)]
_NOSE = [(0, -1, 17), (0, 11, 24), (0, 24, 32), (0, 36, 40)]
_NOSTRIL = [(-14, 43, 20), (-7.5, 46.5, 26), (0, 49, 29)]
_EYE = [(-45, 1, -13), (-37, -5, -3), (-26, -5.5, 1), (-17, 1.5, 0),
        (-26, 5.5, 0), (-37, 5, -4)]
_OUTER_LIP = [(-25, 74, 4), (-16, 69, 18), (-6.5, 66, 23), (0, 67.5, 24)]
_OUTER_LIP_LOW = [(0, 84.5, 22), (-8, 83.5, 21), (-17, 80, 17)]
_INNER_LIP = [(-21.5, 74, 6), (-8, 73, 19.5), (0, 73.6, 20.5)]
_INNER_LIP_LOW = [(0, 75, 20), (-8, 74.6, 19.5)]
_FOREHEAD = [(-70, -19, -58), (-66, -40, -48), (-56, -57, -32), (-39, -68, -16),
             (-20, -74, -5), (0, -76, -2)]

_JAW_ANGLE_LIMIT = 0.26  # radians: about 30 mm between the lips
_HINGE = np.array([0.0, 15.0, -65.0])
# How far each landmark follows the lower jaw.
_JAW_WEIGHT = np.zeros(68)
_JAW_WEIGHT[0:17] = [0, .05, .2, .5, .8, .95, 1, 1, 1, 1, 1, .95, .8, .5, .2, .05, 0]
_JAW_WEIGHT[[48, 54, 60, 64]] = .42
_JAW_WEIGHT[[59, 55]] = .8
_JAW_WEIGHT[[56, 57, 58, 65, 66, 67]] = 1

# Superellipse angles along which a contour landmark may slide to the silhouette.
_SLIDE = np.linspace(0.0, 1.35, 28)
_ROUNDNESS = 2.0 / 2.6


def _mirror(points: Sequence[tuple[float, float, float]]) -> list:
    return [(-x, y, z) for x, y, z in points]


def _mean_shape() -> Array:
    jaw = _JAW + _mirror(_JAW[-2::-1])
    brows = _BROW + _mirror(_BROW[::-1])
    nose = _NOSE + _NOSTRIL + _mirror(_NOSTRIL[-2::-1])
    # iBUG starts each eye at its left end in the picture, so the right eye is
    # not simply the mirrored list.
    eyes = _EYE + _mirror([_EYE[i] for i in (3, 2, 1, 0, 5, 4)])
    lips = (_OUTER_LIP + _mirror(_OUTER_LIP[-2::-1])
            + _mirror(_OUTER_LIP_LOW[:0:-1]) + _OUTER_LIP_LOW
            + _INNER_LIP + _mirror(_INNER_LIP[-2::-1])
            + _mirror(_INNER_LIP_LOW[:0:-1]) + _INNER_LIP_LOW)
    return np.array(jaw + brows + nose + eyes + lips, dtype=np.float64)


MEAN_SHAPE = _mean_shape()
_MEAN_FOREHEAD = np.array(_mirror(_FOREHEAD) + _FOREHEAD[-2::-1], dtype=np.float64)


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


def random_face(rng: np.random.Generator, image_size: int) -> Face:
    """Draw one face: identity, expression, pose and its place on the canvas.

    Args:
        rng: Source of all randomness.
        image_size: Side of the square canvas in pixels.

    Returns:
        The face, whose landmarks lie inside the canvas.
    """
    shape, forehead, width = _identity(rng)
    shape, mouth_open, eye_open = _expression(rng, shape)
    # The front ends move with their jaw points, so keep this after the expression.
    edge = np.concatenate([shape[:17], forehead])
    front = _front_ends(edge, width)

    yaw = np.deg2rad(60.0) * np.sign(rng.uniform(-1, 1)) * rng.uniform() ** 1.6
    pitch = np.deg2rad(np.clip(rng.normal(0, 9), -22, 22))
    roll = np.deg2rad(np.clip(rng.normal(0, 11), -28, 28))
    distance = 1.0 / rng.uniform(0.0003, 0.0016)
    level = Camera(_rotation(yaw, pitch, 0.0), distance, 1.0, np.zeros(2))
    outline_shape = _slide_to_silhouette(edge, front, level)

    points = shape.copy()
    points[:17] = outline_shape[:17]
    rotation = _rotation(yaw, pitch, roll)
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


def _normal(rng: np.random.Generator, sigma: float, mean: float = 0.0) -> float:
    """Normal number, cut at two sigma so that no face is a monster."""
    return mean + sigma * float(np.clip(rng.normal(), -2, 2))


def _identity(rng: np.random.Generator) -> tuple[Array, Array, float]:
    points = MEAN_SHAPE.copy()
    forehead = _MEAN_FOREHEAD.copy()

    jaw = points[:17]
    jaw[:, 0] *= 1 + _normal(rng, .09) * np.clip(jaw[:, 1] / 80, 0, 1)
    squareness = _normal(rng, 1.0)
    jaw[[4, 5, 11, 12], 0] *= 1 + .03 * squareness
    jaw[[6, 7, 9, 10], 0] *= 1 + .08 * squareness
    jaw[5:12, 1] += _normal(rng, 4.5) * np.array([.3, .7, .95, 1, .95, .7, .3])
    jaw[6:11, 2] += _normal(rng, 3)
    forehead[:, 1] *= _normal(rng, .09, 1)

    brows = points[17:27]
    inward = np.abs(brows[:, 0])[:, None]
    brows[:, 1] += _normal(rng, 2.2) + (_normal(rng, .07) * (inward - 34))[:, 0]
    arch = np.array([-.6, .5, 1, .4, -.6])
    brows[:, 1] -= _normal(rng, 1.8) * np.concatenate([arch, arch[::-1]])
    brows[:, 0] *= _normal(rng, .04, 1)

    spacing, breadth = _normal(rng, 1.6), _normal(rng, .07, 1)
    height, tilt = _normal(rng, .18, 1), _normal(rng, .06)
    for eye, sign in ((points[36:42], -1), (points[42:48], 1)):
        middle = eye[[0, 3]].mean(0)
        eye[:, 0] = middle[0] + (eye[:, 0] - middle[0]) * breadth + sign * spacing
        eye[:, 1] = middle[1] + (eye[:, 1] - middle[1]) * height * breadth
        eye[:, 1] -= tilt * sign * (eye[:, 0] - middle[0] - sign * spacing)

    nose = points[27:36]
    nose[:, 1] *= _normal(rng, .08, 1)
    nose[4:, 0] *= _normal(rng, .13, 1)
    nose[:, 2] += _normal(rng, .14) * np.array(
        [.3, .9, 1.2, 1, .35, .45, .5, .45, .35]) * 24
    nose[3, 1] += _normal(rng, 1.8)

    mouth = points[48:68]
    mouth[:, 0] *= _normal(rng, .09, 1)
    mouth[[1, 2, 3, 4, 5], 1] -= np.array([.6, 1, 1, 1, .6]) * _normal(rng, 1.5, .3)
    mouth[[7, 8, 9, 10, 11], 1] += np.array([.6, 1, 1, 1, .6]) * _normal(rng, 1.9, .3)
    mouth[:, 1] += _normal(rng, 2.2)

    lower = _normal(rng, .05, 1)
    points[:, 1] *= np.where(points[:, 1] > 0, lower, 1)
    width = _normal(rng, .055, 1)
    points[:, 0] *= width
    forehead[:, 0] *= width
    return points, forehead, width


def _expression(rng: np.random.Generator,
                points: Array) -> tuple[Array, float, tuple[float, float]]:
    points = points.copy()
    mouth_open = 0.0 if rng.uniform() < .45 else float(rng.uniform(.05, 1) ** 1.3)
    smile = float(np.clip(rng.normal(.15, .55), -.8, 1.2))
    pucker = float(rng.uniform(.3, 1)) if rng.uniform() < .1 else 0.0

    mouth = points[48:68]
    corners = np.zeros(20)
    corners[[0, 6, 12, 16]] = 1
    corners[[1, 5, 7, 11]] = .45
    side = np.sign(mouth[:, 0])
    mouth[:, 0] += side * corners * (5.5 * smile if smile > 0 else 1.5 * smile)
    mouth[:, 1] -= corners * (5.5 * smile if smile > 0 else 4.0 * smile)
    mouth[:, 2] -= corners * 4.0 * max(smile, 0)
    mouth[:, 0] *= 1 - .3 * pucker
    mouth[:, 2] += 5 * pucker
    # Smiling and shouting lift the upper lip and bare the teeth.
    lift = max(smile, 0) * rng.uniform(0, 3) + 2.5 * mouth_open
    mouth[[1, 2, 3, 4, 5, 13, 14, 15], 1] -= lift * np.array(
        [.6, 1, 1, 1, .6, 1, 1, 1])

    points = _open_jaw(points, _JAW_ANGLE_LIMIT * mouth_open)

    raised, frown = rng.normal(0, 2.6), max(0.0, rng.normal(0, 2))
    for brow, inner in ((points[17:22], slice(2, 5)), (points[22:27], slice(0, 3))):
        brow[:, 1] -= np.clip(raised + rng.normal(0, 1.0), -4, 8)
        weight = np.array([.2, .6, 1]) if inner.start else np.array([1, .6, .2])
        brow[inner, 1] += frown * weight
        brow[inner, 0] -= np.sign(brow[inner, 0]) * frown * .6 * weight

    usual = 0.0 if rng.uniform() < .08 else float(
        np.clip(rng.normal(.95 - .15 * max(smile, 0), .22), .12, 1.25))
    opening = [usual, usual]
    if rng.uniform() < .04:  # a wink
        opening[int(rng.integers(2))] = 0.0
    for start, amount in ((36, opening[0]), (42, opening[1])):
        eye = points[start:start + 6]
        upper, lower = eye[[1, 2]], eye[[5, 4]]
        # A lid falls on the lower one, which hardly moves.
        shut = lower[:, 1] - .25 * (lower[:, 1] - upper[:, 1])
        eye[[1, 2], 1] = shut + (upper[:, 1] - shut) * amount
        eye[[5, 4], 1] = shut + (lower[:, 1] - shut) * (.3 + .7 * min(amount, 1.0))
    return points, mouth_open, (opening[0], opening[1])


def _open_jaw(points: Array, angle: float) -> Array:
    """Turn the lower jaw about the hinge in front of the ears."""
    turn = angle * _JAW_WEIGHT
    cos, sin = np.cos(turn), np.sin(turn)
    y, z = points[:, 1] - _HINGE[1], points[:, 2] - _HINGE[2]
    return np.stack([points[:, 0], cos * y + sin * z + _HINGE[1],
                     cos * z - sin * y + _HINGE[2]], axis=1)


def _front_ends(edge: Array, width: float) -> Array:
    """Where the horizontal section through each outline point meets the face's front.

    It lies on the symmetry axis, at the depth of the cheeks rather than of the
    nose, which stands out of them.
    """
    y = edge[:, 1]
    chin = edge[8]
    depth = np.interp(y, [-80, -55, -20, 0, 30, 60, 85], [-2, 12, 20, 16, 17, 19, 18])
    # Near the chin the section shrinks to the chin itself.
    depth = depth + (chin[2] - depth) * np.clip((y - 80) / (chin[1] - 80), 0, 1)
    return np.stack([np.zeros_like(y), y, np.maximum(depth, edge[:, 2])], axis=1)


def _slide_to_silhouette(edge: Array, front: Array, camera: Camera) -> Array:
    """Slide outline points on the far side to the silhouette that is seen.

    iBUG's annotators mark the visible edge of the face. When the head turns away,
    each contour landmark therefore runs forward along its horizontal section
    (a superellipse) to the point that sticks out furthest.

    Args:
        edge: (P, 3) outline points of the frontal face.
        front: (P, 3) front ends of their sections.
        camera: Without roll, so that 'sideways' is the picture's x.
    """
    def section(angle: Array) -> Array:
        across = np.cos(angle) ** _ROUNDNESS
        along = np.sin(angle) ** _ROUNDNESS
        weight = np.stack([1 - across, along, along], axis=-1)
        return edge[:, None] + weight * (front - edge)[:, None]

    grid = np.broadcast_to(_SLIDE, (len(edge), len(_SLIDE)))
    outward = camera(section(grid))[..., 0] * np.sign(edge[:, :1])
    best = outward.argmax(1)
    inner = np.clip(best, 1, len(_SLIDE) - 2)
    rows = np.arange(len(edge))
    before, here, after = (outward[rows, inner + k] for k in (-1, 0, 1))
    bend = before - 2 * here + after
    shift = np.where(bend < -1e-9, .5 * (before - after) / np.minimum(bend, -1e-9), 0)
    step = _SLIDE[1] - _SLIDE[0]
    refined = _SLIDE[inner] + np.clip(shift, -1, 1) * step
    angle = np.where(best == 0, 0.0, np.clip(refined, 0, _SLIDE[-1]))
    return section(angle[:, None])[:, 0]


def _rotation(yaw: float, pitch: float, roll: float) -> Array:
    cy, sy = np.cos(yaw), np.sin(yaw)
    cp, sp = np.cos(pitch), np.sin(pitch)
    cr, sr = np.cos(roll), np.sin(roll)
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return about_z @ about_x @ about_y
