"""Left and right in sets of points, from their geometry alone."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

_ROUNDS = 10

# Two points always fit, and with three each could be the odd one.
_FEWEST = 4
# The odd point is among those that fit worst together with it.
_CANDIDATES = 5


def align(points: np.ndarray, target: np.ndarray,
          weights: np.ndarray | None = None) -> np.ndarray:
    """Move points onto others by rotation, scale and shift, without a mirror.

    Args:
        points: Shape (K, 2); NaN where unknown.
        target: Shape (K, 2); NaN where unknown.
        weights: Shape (K,), not negative; by default all count alike.

    Returns:
        ``points`` moved, (K, 2), best in least squares over the points known in both;
        all NaN where these are fewer than two, or all in one place.
    """
    known = np.isfinite(points).all(1) & np.isfinite(target).all(1)
    weights = np.ones(len(points)) if weights is None else weights
    if known.sum() < 2:
        return np.full_like(points, np.nan)
    # A similarity in the plane is one complex factor and one shift.
    source = points[:, 0] + 1j * points[:, 1]
    goal = target[:, 0] + 1j * target[:, 1]
    share = weights[known] / weights[known].sum()
    goal_mean = (share * goal[known]).sum()
    centred = source - (share * source[known]).sum()
    power = (share * np.abs(centred[known]) ** 2).sum()
    if not power > 0:
        return np.full_like(points, np.nan)
    factor = (share * centred[known].conj() * (goal[known] - goal_mean)).sum() / power
    moved = factor * centred + goal_mean
    return np.column_stack([moved.real, moved.imag])


def odd_point(points: np.ndarray, target: np.ndarray) -> tuple[int, float]:
    """The point without which the others fit best, and how far off it is.

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
    candidates = []
    for index in np.argsort(-np.nan_to_num(together))[:_CANDIDATES]:
        weights = np.ones(len(points))
        weights[index] = 0
        place = align(points, target, weights)
        distances = np.linalg.norm(place - target, axis=1)
        rest = np.nansum(distances ** 2) - distances[index] ** 2
        candidates.append((rest, int(index), float(distances[index])))
    return min(candidates)[1:]


def mean_shape(faces: np.ndarray) -> np.ndarray:
    """The mean of faces of any size, place and tilt, upright as most of them are.

    Args:
        faces: Shape (N, K, 2); NaN where a point is not annotated.

    Returns:
        Shape (K, 2): centred, of unit size (root mean square distance from the
        centre); NaN where no face knows the point.
    """
    with np.errstate(invalid='ignore', divide='ignore'):
        mean = _nanmean(np.stack([_normalised(face) for face in faces]))
        for _ in range(_ROUNDS):
            before = mean
            mean = _normalised(_nanmean(np.stack([align(face, before)
                                                  for face in faces])))
            if np.nanmax(np.abs(mean - before), initial=0) < 1e-6:
                break
    return mean


def _nanmean(values: np.ndarray) -> np.ndarray:
    """Mean over the first axis; NaN, without a warning, where nothing is known."""
    known = np.isfinite(values)
    return np.where(known, values, 0).sum(0) / np.where(known.any(0), known.sum(0),
                                                        np.nan)


def _normalised(points: np.ndarray) -> np.ndarray:
    known = np.isfinite(points).all(1)
    if not known.any():
        return np.full_like(points, np.nan)
    centred = points - points[known].mean(0)
    return centred / np.sqrt((centred[known] ** 2).sum(1).mean())


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
    """Which point is which one's mirror image, by the geometry.

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
