"""Similarity fits, mean shapes and mirror images of landmarks.

A shape is K points in the plane, (K, 2). A similarity (scale, rotation and shift, no
reflection) is a matrix ``[[a, -b, x], [b, a, y]]``. The functions that build and apply
similarities take numpy arrays or torch tensors, use only operations that both have, and
for tensors are differentiable and do not synchronise with a GPU. They multiply element
by element: autocast runs matrix products in half precision, where a coordinate is off
by a pixel, and returns them as float32. Mean shapes and mirror images are computed from
annotations, in numpy; there a point that is not annotated is NaN.
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

#: Radians. A mirror that stands further from upright exchanges top and bottom.
LARGEST_TILT = np.pi / 4
# Where the search for partners begins: a contour of the face fits itself a neighbour
# further at every nine degrees or so. The upright one is first, so that it is taken
# where others fit as well.
_TILTS = np.radians(sorted(range(-44, 45, 4), key=abs))
_REFINED = 3

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
    of_x, of_y, shift = (matrix[..., None, :, column] for column in range(3))
    return of_x * points[..., :1] + of_y * points[..., 1:] + shift


def invert(matrix: Array) -> Array:
    """Return the similarities (..., 2, 3) that undo similarities (..., 2, 3)."""
    a, b, shift = matrix[..., 0, 0], matrix[..., 1, 0], matrix[..., 2]
    squared_scale = a**2 + b**2
    origin = _namespace(matrix).zeros_like(shift)
    return similarity(a / squared_scale, -b / squared_scale, shift, origin)


def compose(outer: Array, inner: Array) -> Array:
    """Return ``outer`` after ``inner``, both (..., 2, 3)."""
    product = outer[..., :1] * inner[..., :1, :] + outer[..., 1:2] * inner[..., 1:, :]
    return _namespace(outer).stack([
        product[..., 0], product[..., 1], product[..., 2] + outer[..., 2]], -1)


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


def turn_between(points: np.ndarray, target: np.ndarray) -> np.ndarray:
    """How far :func:`align` turns shapes, in radians (...); positive is clockwise.

    Args:
        points: Shapes (..., K, 2); NaN where unknown.
        target: Shape (K, 2); NaN where unknown.
    """
    points, target = as_complex(points), as_complex(target)
    known = np.isfinite(points) & np.isfinite(target)
    with np.errstate(invalid='ignore'):  # 0 / 0 where nothing is known: NaN
        source, goal = (
            np.where(known, each - np.where(known, each, 0).sum(-1, keepdims=True)
                     / known.sum(-1, keepdims=True), 0) for each in (points, target))
    return np.where(known.any(-1), np.angle((source.conj() * goal).sum(-1)), np.nan)


def as_complex(points: np.ndarray) -> np.ndarray:
    """Points (..., K, 2) as complex numbers x + iy, (..., K)."""
    return np.ascontiguousarray(points, np.float64).view(np.complex128)[..., 0]


def as_real(points: np.ndarray) -> np.ndarray:
    """The inverse of :func:`as_complex`."""
    return np.ascontiguousarray(points)[..., None].view(np.float64)


def odd_point(points: np.ndarray,
              target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the point without which the others fit best, and how far off it is.

    In least squares one point far off drags all others along; it shows once it has
    no say in the alignment.

    Args:
        points: Shapes (..., K, 2); NaN where unknown.
        target: Shape (K, 2), of unit size; NaN where unknown.

    Returns:
        Of each shape (...) the point's index, and its distance, in the target's units,
        from its target when the others are aligned; NaN where fewer than four points
        are known.
    """
    together = np.linalg.norm(align(points, target) - target, axis=-1)
    known = np.isfinite(together).sum(-1)
    candidates = np.argsort(-np.nan_to_num(together), axis=-1)[..., :_CANDIDATES]
    weights = np.ones((*candidates.shape, points.shape[-2]))
    np.put_along_axis(weights, candidates[..., None], 0, -1)
    moved = align(points[..., None, :, :], target, weights)
    distances = np.linalg.norm(moved - target, axis=-1)
    own = np.take_along_axis(distances, candidates[..., None], -1)[..., 0]
    rest = np.nansum(distances**2, -1) - own**2
    best = np.lexsort((candidates, rest))[..., :1]
    index, distance = (np.take_along_axis(each, best, -1)[..., 0]
                       for each in (candidates, own))
    few = known < _FEWEST
    return np.where(few, 0, index), np.where(few, np.nan, distance)


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


def mirror_tilt(shape: np.ndarray, flip_indices: np.ndarray) -> float:
    """How far from upright the line stands in which the shape mirrors itself.

    Args:
        shape: Shape (K, 2); NaN where unknown.
        flip_indices: Shape (K,): the point that each one becomes in the mirror.

    Returns:
        Radians, more than -pi/2 and at most pi/2; 0 where left and right change
        places, pi/2 where top and bottom do, positive for a shape turned clockwise (y
        points down).
    """
    # Mirrored in an upright line, the shape is turned by twice the tilt.
    return float(np.angle(_mirrored_fit(shape, flip_indices)[2]) / 2)


def flip_residuals(shape: np.ndarray, flip_indices: np.ndarray,
                   tilt: float | None = None) -> np.ndarray:
    """How far each point is from the mirror image of its partner.

    Args:
        shape: Shape (K, 2), of unit size as :func:`mean_shape` returns it.
        flip_indices: Shape (K,): the point that each one becomes in a mirrored face.
        tilt: How the mirror stands, as :func:`mirror_tilt` says it; by default as it
            fits best, which may exchange top and bottom.

    Returns:
        Shape (K,), in units of the shape's size, after the best alignment; NaN for
        points of which one or the partner is unknown.
    """
    points, mirrored, factor = _mirrored_fit(shape, flip_indices)
    if tilt is not None:
        turn = np.exp(2j * tilt)
        factor = max((factor * turn.conjugate()).real, 0) * turn
    return np.abs(factor * mirrored - points)


def _mirrored_fit(shape: np.ndarray, flip_indices: np.ndarray
                  ) -> tuple[np.ndarray, np.ndarray, complex]:
    """The points, their partners mirrored in an upright line, and what turns and
    scales these onto those; all centred, as complex numbers."""
    points = as_complex(shape)
    mirrored = -points[flip_indices].conj()
    known = np.isfinite(points) & np.isfinite(mirrored)
    points = np.where(known, points, complex(np.nan, np.nan))
    mirrored = np.where(known, mirrored, complex(np.nan, np.nan))
    if not known.any():
        return points, mirrored, complex(np.nan, np.nan)
    points, mirrored = points - points[known].mean(), mirrored - mirrored[known].mean()
    power = (np.abs(mirrored[known])**2).sum()
    factor = (mirrored[known].conj() * points[known]).sum() / power if power else 0.
    return points, mirrored, complex(factor)


def mirror_partners(shape: np.ndarray) -> np.ndarray:
    """Find which point is which one's mirror image, by the geometry.

    The mirror image of the shape is laid over the shape and every point paired with
    the nearest, in sum, by the Hungarian method; alignment and pairing alternate. Of
    many tilts to begin with the one that ends with the best fit is taken.

    Args:
        shape: Shape (K, 2), upright to within :data:`LARGEST_TILT`; NaN where unknown.

    Returns:
        Shape (K,), an involution: the partner, or the point itself where it lies on
        the midline, is unknown, or has no partner that agrees.
    """
    result = np.arange(len(shape))
    known = np.flatnonzero(np.isfinite(shape).all(1))
    if len(known) < 2:
        return result
    points = np.asarray(shape, np.float64)[known]
    starts = sorted((_nearest(points, tilt) for tilt in _TILTS),
                    key=lambda pair: pair[0])
    found = min((_refined(points, partners) for _, partners in starts[:_REFINED]),
                key=lambda pair: pair[0])[1]
    agreed = found[found] == np.arange(len(found))
    result[known[agreed]] = known[found[agreed]]
    return result


def _nearest(points: np.ndarray, tilt: float) -> tuple[float, np.ndarray]:
    """How badly points fit in a mirror of some tilt, and who lies on whom."""
    place = as_complex(points)
    place = place - place.mean()
    mirrored = -place.conj() * np.exp(2j * tilt)
    distances = np.abs(mirrored[None] - place[:, None])**2
    # found[i] is the point whose mirror image lies where point i is.
    found = linear_sum_assignment(distances)[1]
    share = distances[np.arange(len(place)), found].sum() / max(
        (np.abs(place)**2).sum(), np.finfo(float).tiny)
    # Rounded, so that noise does not choose between equal fits.
    return round(float(share), 6), found


def _refined(points: np.ndarray, found: np.ndarray) -> tuple[float, np.ndarray]:
    """The same for the tilt that partners ask for, in turn until they agree."""
    for _ in range(_ROUNDS):
        tilt = np.clip(mirror_tilt(points, found), -LARGEST_TILT, LARGEST_TILT)
        before = found
        misfit, found = _nearest(points, tilt)
        if (found == before).all():
            break
    return misfit, found
