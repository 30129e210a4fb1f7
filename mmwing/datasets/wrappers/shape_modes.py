"""Modes of shape variation: Procrustes alignment and PCA with missing landmarks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmwing.geometry import align, as_complex, as_real

# Any two shapes of two points are similar.
MIN_POINTS = 3

# The mean stands still after some ten rounds; filling in points takes more.
MAX_ROUNDS = 100
TOLERANCE = 1e-6

# Modes that fill in missing points: about yaw, pitch, mouth and outline. They join
# one by one, so that the first have settled before a further one is estimated: all at
# once they explain the first, poor guesses.
IMPUTATION_RANK = 4
ROUNDS_PER_RANK = 10


@dataclass(frozen=True)
class PoseModes:
    """What :func:`pose_modes` finds in N shapes of K points.

    Attributes:
        mean (np.ndarray): (K, 2) mean of the aligned shapes, centred, of unit norm. 0
            for points that no shape has.
        modes (np.ndarray): (2K, K, 2) directions of unit norm, by falling variance.
        variances (np.ndarray): (2K,) variance along each.
        coefficients (np.ndarray): (N, 2K) each shape's place along each, in units of
            the mean's norm; NaN for shapes without a pose.
    """

    mean: np.ndarray
    modes: np.ndarray
    variances: np.ndarray
    coefficients: np.ndarray


def pose_modes(shapes: np.ndarray, visible: np.ndarray) -> PoseModes:
    """Align shapes to their mean and find the directions in which they differ.

    The alignment is Procrustes': translation, rotation and scale by least squares,
    no reflection, repeated with the mean of the aligned shapes until that stands
    still. Missing points are estimated from a shape's other points by its
    first modes and re-estimated together with alignment and modes: setting them to
    the mean would make a profile face, whose far side is hidden, look frontal.

    A shape has no pose if it has fewer than three annotated points, or if those
    coincide.

    Args:
        shapes (np.ndarray): (N, K, 2), any unit. Points without annotation may hold
            anything, also NaN.
        visible (np.ndarray): (N, K) bool.

    Returns:
        PoseModes: All zeros except for ``mean`` if all shapes are the same.

    Raises:
        ValueError: If the arguments' shapes do not fit, or no shape has a pose.
    """
    if shapes.ndim != 3 or shapes.shape[2] != 2 or shapes.shape[:2] != visible.shape:
        raise ValueError('shapes must be (N, K, 2) and visible (N, K), got '
                         f'{shapes.shape} and {visible.shape}')
    # As complex numbers x + iy: multiplying rotates and scales, and cannot reflect.
    points = shapes[..., 0] + 1j * shapes[..., 1].astype(float)
    known = visible & np.isfinite(points)
    points = np.where(known, points, 0)

    usable = _have_a_pose(points, known)
    if not usable.any():
        raise ValueError(f'none of {len(shapes)} shapes has {MIN_POINTS} annotated '
                         'points apart from each other: no pose to find')
    mean, complete, reached = _align_annotated(points[usable], known[usable])
    usable[usable] = reached
    known = known[usable]

    for round_index in range(MAX_ROUNDS):
        complete = _aligned(complete, np.ones_like(known), mean)
        updated = _normalized(complete.mean(axis=0), mean)
        values, vectors, coefficients = _principal(complete - updated)
        change = np.abs(updated - mean).max()
        mean = updated
        if not known.all():
            rank = min(1 + round_index // ROUNDS_PER_RANK, IMPUTATION_RANK)
            guess = mean + _estimate(complete - mean, known, mean, values, vectors,
                                     rank)
            if rank < IMPUTATION_RANK:
                change = np.inf
            change = max(change, np.abs(guess - complete)[~known].max())
            complete = np.where(known, complete, guess)
        if change < TOLERANCE:
            break

    every = np.full((len(shapes), len(values)), np.nan)
    every[usable] = coefficients
    return PoseModes(
        mean=np.stack([mean.real, mean.imag], -1),
        modes=vectors.reshape(len(vectors), 2, -1).swapaxes(1, 2),
        variances=values,
        coefficients=every)


def yaw_mode(found: PoseModes, flip_indices: Sequence[int]) -> int:
    """The mode that carries most of the left-right turning.

    Mirroring a face negates its yaw and leaves pitch, expression and build as they
    are, so yaw is a mode that its own mirror image negates. Of all modes, the one
    with the most variance of that kind is returned: variance times the share of the
    mode that is odd under the mirror.

    Args:
        found (PoseModes): What :func:`pose_modes` returned.
        flip_indices (Sequence[int]): (K,) the point that each point becomes in a
            mirrored face.

    Returns:
        int: Index into ``found.modes``, from 0.
    """
    order = np.asarray(flip_indices)
    mean = found.mean[..., 0] + 1j * found.mean[..., 1]
    mirrored_mean = -mean[order].conj()
    # The mean may be tilted; the mirror's axis is the mean's own.
    turn = (mirrored_mean.conj() * mean).sum()
    turn /= abs(turn)
    modes = found.modes[..., 0] + 1j * found.modes[..., 1]
    odd = (modes - turn * -modes[:, order].conj()) / 2
    share = (np.abs(odd)**2).sum(axis=1)
    return int(np.argmax(found.variances * share))


def _have_a_pose(points: np.ndarray, known: np.ndarray) -> np.ndarray:
    """(N,) bool: enough points, and not all in one place."""
    count = known.sum(axis=1)
    center = points.sum(axis=1) / np.maximum(count, 1)
    spread = np.where(known, np.abs(points - center[:, None]), 0).max(axis=1)
    size = np.abs(points).max(axis=1)
    return (count >= MIN_POINTS) & (spread > 1e-9 * size)


def _aligned(points: np.ndarray, known: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Move each shape onto the mean by least squares over its known points."""
    return as_complex(align(as_real(points), as_real(mean), known))


def _normalized(mean: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Centred, of unit norm, and turned as ``like`` so that rounds can compare."""
    mean = mean - mean.mean()
    turn = (mean.conj() * like).sum()
    return mean / np.linalg.norm(mean) * turn / abs(turn)


def _align_annotated(points: np.ndarray, known: np.ndarray) -> tuple:
    """First mean, and shapes completed by it, from annotated points alone.

    Begins with the most complete shape. Points that it lacks join as soon as shapes
    that have them are aligned.

    Returns:
        tuple: mean (K,), complete shapes (R, K) on it, and which of the N shapes
        those are, (N,) bool: shapes that share too few points with the rest are left
        out.
    """
    first = int(known.sum(axis=1).argmax())
    in_mean = known[first]
    mean = np.where(in_mean, points[first], 0)
    for _ in range(MAX_ROUNDS):
        shared = known & in_mean
        reached = _have_a_pose(np.where(shared, points, 0), shared)
        used = known[reached]
        aligned = _aligned(points[reached], shared[reached], mean)
        total = np.where(used, aligned, 0).sum(axis=0)
        updated = total / np.maximum(used.sum(axis=0), 1)
        grown = used.any(axis=0)
        # Points nobody has stay at the centre, where they change nothing.
        updated = np.where(grown, updated - updated[grown].mean(), 0)
        updated /= np.linalg.norm(updated)
        change = np.abs(updated - mean).max()
        steady = (grown == in_mean).all() and change < TOLERANCE
        mean, in_mean = updated, grown
        if steady:
            break
    return mean, np.where(used, aligned, mean), reached


def _principal(deviations: np.ndarray) -> tuple:
    """PCA of (N, K) complex deviations: variances, (2K, 2K) rows, coefficients."""
    flat = np.concatenate([deviations.real, deviations.imag], axis=1)
    flat = flat - flat.mean(axis=0)
    values, vectors = np.linalg.eigh(flat.T @ flat / len(flat))
    vectors = vectors.T[::-1]
    # An eigenvector's sign is arbitrary; this one does not depend on the machine.
    largest = np.abs(vectors).argmax(axis=1)
    vectors = vectors * np.sign(vectors[np.arange(len(vectors)), largest])[:, None]
    return np.maximum(values[::-1], 0), vectors, flat @ vectors.T


def _estimate(deviations: np.ndarray, known: np.ndarray, mean: np.ndarray,
              variances: np.ndarray, modes: np.ndarray, rank: int) -> np.ndarray:
    """Most probable deviations (N, K) given the known points of each shape.

    Known points are the mean moved by a small similarity (any is as likely), plus the
    first modes (normal, with their variances), plus noise (what those modes leave).
    Without the prior, the one half of a face that is seen would extrapolate wildly.
    """
    # Four of the 2K dimensions are taken by the alignment; half of the others at
    # most are modes, so that enough is left to estimate the noise from.
    free = len(variances) - 4
    rank = min(rank, len(deviations) - 1, free // 2)
    noise = variances[rank:free].mean()
    moves = np.stack([mean, 1j * mean, np.ones_like(mean), 1j * np.ones_like(mean)])
    basis = np.concatenate(
        [np.concatenate([moves.real, moves.imag], axis=1), modes[:rank]])
    precision = np.zeros(len(basis))
    precision[len(moves):] = noise / np.maximum(variances[:rank], 1e-12)
    flat = np.concatenate([deviations.real, deviations.imag], axis=1)
    seen = np.concatenate([known, known], axis=1)
    gram = np.einsum('ak,nk,bk->nab', basis, seen, basis, optimize=True)
    right = (flat * seen) @ basis.T
    # A trace of the identity keeps shapes of three points solvable.
    gram += np.diag(precision + 1e-9)
    solved = np.linalg.solve(gram, right[..., None])[..., 0]
    real, imaginary = np.split(solved @ basis, 2, axis=1)
    return real + 1j * imaginary
