"""Move the contour landmarks of a turned head to its visible edge.

The annotators of iBUG mark the visible edge of the face, not a fixed place on the jaw.
"""

import numpy as np
from scipy.interpolate import CubicSpline

from .camera import Array, Camera

# Superellipse angles along which a contour landmark may slide to the silhouette.
_SLIDE = np.linspace(0.0, 1.35, 28)
_ROUNDNESS = 2.0 / 2.3
_PLACE = np.arange(17.0)
_SIDE = (_PLACE - 8) / 8  # from one ear to the other
# How far the contour landmarks go on when a head is turned by a right angle, in their
# spacing: towards the far ear, away from the chin, and away from the chin when it looks
# down.
_BETWEEN = np.abs(np.sin(np.pi * _SIDE))
_ENDS = np.abs(_SIDE)**3
_TURN = _BETWEEN + .3 * np.exp(-(_PLACE - 8)**2 / 4)
_TURN_APART = np.sign(_SIDE) * (.5 * _BETWEEN + .15 * _ENDS)
_TILT = np.sign(_SIDE) * (-.75 * _BETWEEN - .35 * _ENDS)
# Weights (17, 17) of the landmarks at places along the smooth curve through them; made
# once, because a spline of each face takes as long as all the rest of it.
_CURVE = CubicSpline(np.arange(17.0), np.eye(17))


def front_ends(edge: Array) -> Array:
    """Return where the horizontal section through each point meets the face's front.

    That place lies on the symmetry axis, at the depth of the cheeks rather than of the
    nose, which stands out of them.
    """
    y = edge[:, 1]
    chin = edge[8]
    depth = np.interp(y, [-80, -55, -20, 0, 30, 60, 85], [-8, 6, 13, 9, 10, 12, 11])
    # Near the chin the section shrinks to the chin itself.
    depth = depth + (chin[2] - depth) * np.clip((y - 80) / (chin[1] - 80), 0, 1)
    return np.stack([np.zeros_like(y), y, np.maximum(depth, edge[:, 2])], axis=1)


def slide_to_silhouette(edge: Array, front: Array, camera: Camera) -> Array:
    """Slide the outline points of the far side to the visible silhouette.

    When the head turns away, each point runs forward along its horizontal section (a
    superellipse) to the place that sticks out furthest.

    Args:
        edge: (P, 3) outline points of the frontal face.
        front: (P, 3) front ends of their sections.
        camera: Without roll, so that 'sideways' is the picture's x.

    Returns:
        The moved points (P, 3).
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


def follow_contour(jaw: Array, yaw: float, pitch: float,
                   rng: np.random.Generator) -> Array:
    """Move the contour landmarks along the contour as annotators do.

    No feature of the face says where on the contour a landmark lies. In a turned face
    annotators spread the landmarks over what they see of either half: those of the near
    side lie nearer the chin than in a frontal face, those of the far side nearer the
    ear. When the head tilts back they lie nearer the ears. And they are never quite in
    the same places.

    Args:
        jaw: (17, 3) contour landmarks.
        yaw: Turn of the head in radians.
        pitch: Its tilt in radians, positive downwards.
        rng: Source of what no pose tells.

    Returns:
        The moved landmarks (17, 3).
    """
    shift = np.sin(yaw) * _TURN + np.abs(np.sin(yaw)) * _TURN_APART
    shift += np.sin(pitch) * _TILT
    around, left, right = rng.normal(0, (.12, .2, .2)).clip(-.7, .7)
    shift += around + np.where(_SIDE < 0, left, right) * np.abs(_SIDE)
    shift += rng.normal(0, .1, 17).clip(-.3, .3)
    return _CURVE(_PLACE + shift) @ jaw
