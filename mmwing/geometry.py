"""Similarity fits, mean shapes and mirror images of landmarks.

A shape is K points in the plane, (K, 2). A similarity (scale, rotation and shift, no
reflection) is a matrix ``[[a, -b, x], [b, a, y]]``. The functions that build and apply
similarities take numpy arrays or torch tensors, use only operations that both have, and
for tensors are differentiable and halt no device. Mean shapes and mirror images are
computed from annotations, in numpy; there a point that is not annotated is NaN.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment

#: numpy array or torch tensor; all arguments of a call are of one kind.
Array = Any

SCALES = ('least_squares', 'size')

_ROUNDS = 10

# Two points always fit, and with three each could be the odd one.
_FEWEST = 4
# The odd point is among those that fit worst together with it.
_CANDIDATES = 5


def _namespace(array: Array) -> ModuleType:
    return torch if isinstance(array, torch.Tensor) else np


def similarity(a: Array, b: Array, source: Array, target: Array) -> Array:
    """Return the similarity with a given rotation that maps one point onto another.

    Args:
        a (array): Scale times cosine, (...).
        b (array): Scale times sine, (...); positive turns x towards y.
        source (array): A point, (..., 2).
        target (array): Where it shall go, (..., 2).

    Returns:
        array: (..., 2, 3).
    """
    stack = _namespace(a).stack
    columns = stack([a, b], -1), stack([-b, a], -1)
    shift = target - (columns[0] * source[..., :1] + columns[1] * source[..., 1:])
    return stack([*columns, shift], -1)


def transform_points(matrix: Array, points: Array) -> Array:
    """Map points (..., K, 2) by matrices (..., 2, 3)."""
    return points @ matrix[..., :2].swapaxes(-1, -2) + matrix[..., None, :, 2]


def invert(matrix: Array) -> Array:
    """Return the similarities (..., 2, 3) that undo similarities (..., 2, 3)."""
    a, b, shift = matrix[..., 0, 0], matrix[..., 1, 0], matrix[..., 2]
    squared_scale = a**2 + b**2
    origin = _namespace(matrix).zeros_like(shift)
    return similarity(a / squared_scale, -b / squared_scale, shift, origin)


def compose(outer: Array, inner: Array) -> Array:
    """Return ``outer`` after ``inner``, both (..., 2, 3)."""
    columns = outer[..., :2] @ inner
    return _namespace(outer).stack([
        columns[..., 0], columns[..., 1], columns[..., 2] + outer[..., 2]], -1)


def scale_of(matrix: Array) -> Array:
    """Scales (...) of similarities (..., 2, 3)."""
    return _namespace(matrix).sqrt((matrix[..., 0]**2).sum(-1))


def fit_similarity(source: Array, target: Array, weights: Array | None = None,
                   scale: str = 'least_squares') -> tuple[Array, Array]:
    """Fit shapes to shapes: the similarity with the least squared distances.

    Procrustes analysis, in closed form: in the plane, a similarity without shift is one
    complex factor.

    Args:
        source (array): Shapes (..., K, 2), finite; the points of each that count must
            not coincide.
        target (array): Shapes (..., K, 2), finite, of the same or a single shape.
        weights (array, optional): (..., K), not negative. By default all points count
            alike.
        scale (str): ``'least_squares'``, or ``'size'``: the ratio of the sizes (root
            of the summed squared distances from the centroid). Least squares shrinks
            what does not fit; by size, fitting in the other direction gives the
            inverse.

    Returns:
        tuple[array, array]: Matrices (..., 2, 3) from source to target, and how well
        the shapes agree (...): 1 for similar ones, near 0 for unrelated ones.

    Raises:
        ValueError: ``scale`` is neither.
    """
    if scale not in SCALES:
        raise ValueError(f'scale must be one of {SCALES}, got {scale!r}')
    xp = _namespace(source)
    if weights is None:
        source_center, target_center = source.mean(-2), target.mean(-2)
    else:
        share = (weights / weights.sum(-1)[..., None])[..., None]
        source_center, target_center = ((share * source).sum(-2),
                                        (share * target).sum(-2))
    p = source - source_center[..., None, :]
    q = target - target_center[..., None, :]
    weighted_p, weighted_q = (p, q) if weights is None else (share * p, share * q)
    dot = (weighted_p * q).sum((-2, -1))
    cross = (weighted_p[..., 0] * q[..., 1] - weighted_p[..., 1] * q[..., 0]).sum(-1)
    source_power = (weighted_p * p).sum((-2, -1))
    source_size = xp.sqrt(source_power)
    target_size = xp.sqrt((weighted_q * q).sum((-2, -1)))
    # Unrelated shapes have no best rotation; dividing by 0 would make a NaN of it.
    length = xp.sqrt(xp.clip(dot**2 + cross**2, xp.finfo(dot.dtype).tiny, None))
    if scale == 'size':
        ratio = target_size / source_size
        a, b = ratio * dot / length, ratio * cross / length
    else:
        a, b = dot / source_power, cross / source_power
    return (similarity(a, b, source_center, target_center),
            length / (source_size * target_size))


def align(points: np.ndarray, target: np.ndarray,
          weights: np.ndarray | None = None) -> np.ndarray:
    """Move shapes onto others by the similarity that fits their known points best.

    Args:
        points: Shapes (..., K, 2); NaN where unknown.
        target: Shapes (..., K, 2), or one; NaN where unknown.
        weights: (..., K), not negative; by default all points count alike.

    Returns:
        ``points`` moved, best in least squares over the points known in both. All NaN
        for a shape of which these are fewer than two, or all in one place.
    """
    # What fit_similarity finds, in complex numbers: a similarity is one factor and one
    # shift. Pose balancing aligns all faces of a data set again and again, and this
    # takes a fifth of the time.
    points, target = as_complex(points), as_complex(target)
    known = np.isfinite(points) & np.isfinite(target)
    weights = known * (1. if weights is None else weights)
    source, goal = points, target
    if not known.all():
        source, goal = np.where(known, points, 0), np.where(known, target, 0)
    with np.errstate(invalid='ignore', divide='ignore'):
        share = weights / weights.sum(-1, keepdims=True)
        center = (share * source).sum(-1, keepdims=True)
        goal_center = (share * goal).sum(-1, keepdims=True)
        arms = source - center
        weighted = share * arms.conj()
        power = (weighted * arms).real.sum(-1, keepdims=True)
        factor = (weighted * (goal - goal_center)).sum(-1, keepdims=True) / power
        moved = factor * (points - center) + goal_center
    heaviest = np.take_along_axis(np.broadcast_to(source, weights.shape),
                                  weights.argmax(-1)[..., None], -1)
    usable = ((source != heaviest) & (weights > 0)).any(-1, keepdims=True)
    return as_real(np.where(usable, moved, complex(np.nan, np.nan)))


def as_complex(points: np.ndarray) -> np.ndarray:
    """Points (..., K, 2) as complex numbers x + iy, (..., K)."""
    return np.ascontiguousarray(points, np.float64).view(np.complex128)[..., 0]


def as_real(points: np.ndarray) -> np.ndarray:
    """The inverse of :func:`as_complex`."""
    return np.ascontiguousarray(points)[..., None].view(np.float64)


def odd_point(points: np.ndarray, target: np.ndarray) -> tuple[int, float]:
    """Find the point without which the others fit best, and how far off it is.

    In least squares one point far off drags all others along; it shows once it has
    no say in the alignment.

    Args:
        points: Shape (K, 2); NaN where unknown.
        target: Shape (K, 2), of unit size; NaN where unknown.

    Returns:
        The point's index, and its distance, in the target's units, from its target
        when the others are aligned; NaN where fewer than four points are known.
    """
    together = np.linalg.norm(align(points, target) - target, axis=1)
    if np.isfinite(together).sum() < _FEWEST:
        return 0, np.nan
    candidates = np.argsort(-np.nan_to_num(together))[:_CANDIDATES]
    weights = np.ones((len(candidates), len(points)))
    weights[np.arange(len(candidates)), candidates] = 0
    distances = np.linalg.norm(align(points, target, weights) - target, axis=-1)
    own = distances[np.arange(len(candidates)), candidates]
    rest = np.nansum(distances**2, 1) - own**2
    best = np.lexsort((candidates, rest))[0]
    return int(candidates[best]), float(own[best])


def mean_of_known(shapes: np.ndarray) -> np.ndarray:
    """Mean of shapes (N, K, 2) as they are; NaN for a point that is known nowhere."""
    return np.ma.masked_invalid(shapes).mean(0).filled(np.nan)


def mean_shape(shapes: np.ndarray) -> np.ndarray:
    """Mean of shapes of any size, place and tilt, upright as most of them are.

    Generalised Procrustes analysis.

    Args:
        shapes: (N, K, 2); NaN where a point is not annotated.

    Returns:
        Shape (K, 2): centred, of unit size (root mean square distance from the
        centre); NaN for a point that is known nowhere.
    """
    mean = mean_of_known(_normalised(shapes))
    for _ in range(_ROUNDS):
        before = mean
        mean = _normalised(mean_of_known(align(shapes, before)))
        if np.nanmax(np.abs(mean - before), initial=0) < 1e-6:
            break
    return mean


def _normalised(shapes: np.ndarray) -> np.ndarray:
    """Shapes (..., K, 2), centred and of unit size."""
    known = np.isfinite(shapes).all(-1)[..., None]
    with np.errstate(invalid='ignore', divide='ignore'):
        count = known.sum((-2, -1))[..., None, None]
        centred = shapes - np.where(known, shapes, 0).sum(-2, keepdims=True) / count
        power = np.where(known, centred, 0)**2
        return centred / np.sqrt(power.sum((-2, -1), keepdims=True) / count)


def flip_residuals(shape: np.ndarray, flip_indices: np.ndarray) -> np.ndarray:
    """How far each point is from the mirror image of its partner.

    Args:
        shape: Shape (K, 2), of unit size as :func:`mean_shape` returns it.
        flip_indices: Shape (K,): the point that each one becomes in a mirrored face.

    Returns:
        Shape (K,), in units of the shape's size, after the best alignment.
    """
    mirrored = shape[flip_indices] * (-1, 1)
    return np.linalg.norm(align(mirrored, shape) - shape, axis=1)


def mirror_partners(shape: np.ndarray) -> np.ndarray:
    """Find which point is which one's mirror image, by the geometry.

    The mirror image of the shape is laid over the shape and every point paired with
    the nearest, in sum, by the Hungarian method; alignment and pairing alternate.

    Args:
        shape: Shape (K, 2), about upright; NaN where unknown.

    Returns:
        Shape (K,), an involution: the partner, or the point itself where it lies on
        the midline, is unknown, or has no partner that agrees.
    """
    count = len(shape)
    partners = np.arange(count)
    known = np.flatnonzero(np.isfinite(shape).all(1))
    if len(known) < 2:
        return partners
    points = shape[known]
    mirrored = points * (-1, 1) + (2 * points[:, 0].mean(), 0)
    for _ in range(_ROUNDS):
        distances = np.linalg.norm(mirrored[None] - points[:, None], axis=2)
        found = linear_sum_assignment(distances ** 2)[1]
        moved = align((points * (-1, 1))[found], points)
        mirrored = np.empty_like(points)
        mirrored[found] = moved
        if (found == partners[:len(found)]).all():
            break
        partners = np.concatenate([found, np.arange(len(found), count)])
    agreed = found[found] == np.arange(len(found))
    result = np.arange(count)
    result[known[agreed]] = known[found[agreed]]
    return result
