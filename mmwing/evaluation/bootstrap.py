"""Bootstrap intervals of figures over faces."""

from collections.abc import Iterator

import numpy as np

# Resamples that are held in memory together.
_BLOCK = 16


def bootstrap_means(values: np.ndarray, num_resamples: int = 1000,
                    seed: int = 0) -> np.ndarray:
    """Means of values over faces drawn with replacement (Efron, 1979).

    Args:
        values: (N, M): M figures that are each a mean over N faces, none NaN. All
            columns see the same draws, so that their differences are paired.
        num_resamples: Number of draws of N faces.
        seed: Seed of the draws. With the same faces in the same order the result is
            the same.

    Returns:
        (num_resamples, M); NaN for a draw with infinities of both signs.

    Raises:
        ValueError: When there is no face, or ``num_resamples`` is not positive.
    """
    values = np.asarray(values, np.float64)
    if values.ndim != 2 or not len(values):
        raise ValueError(
            f'values must be (N, M) with at least one face, got {values.shape}')
    if num_resamples < 1:
        raise ValueError(f'num_resamples must be positive, got {num_resamples}')
    # Column by column: a product of a vector and a matrix is not worth BLAS's
    # threads, which on a busy machine wait for each other for most of the time.
    columns = [_ColumnMean(column) for column in np.asfortranarray(values).T]
    return np.concatenate([
        np.stack([column(counts) for column in columns], axis=1)
        for counts in _draws(len(values), num_resamples, seed)])


class _ColumnMean:
    """Mean of one column (N,) over draws given as counts (B, N)."""

    def __init__(self, column: np.ndarray) -> None:
        self._finite = np.where(np.isinf(column), 0, column)
        self._infinite = [(infinity, np.flatnonzero(column == infinity))
                          for infinity in (np.inf, -np.inf)]

    def __call__(self, counts: np.ndarray) -> np.ndarray:
        means = counts @ self._finite / counts.shape[1]
        for infinity, faces in self._infinite:
            hit = counts[:, faces].any(1)
            means[hit] += infinity
        return means


def _draws(num_faces: int, num_resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Yield how often each face is drawn, (at most _BLOCK, N) at a time."""
    rng = np.random.default_rng(seed)
    for start in range(0, num_resamples, _BLOCK):
        size = min(_BLOCK, num_resamples - start)
        yield np.stack([
            np.bincount(rng.integers(num_faces, size=num_faces), minlength=num_faces)
            for _ in range(size)]).astype(np.float64)


def bootstrap_interval(values: np.ndarray, num_resamples: int = 1000, seed: int = 0,
                       confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Percentile interval of each mean: lower and upper ends, (M,) each.

    Args:
        values: (N, M), see :func:`bootstrap_means`.
        num_resamples: Number of draws.
        seed: Seed of the draws.
        confidence: Share of the draws that the interval holds, inside (0, 1).
    """
    if not 0 < confidence < 1:
        raise ValueError(f'confidence must be inside (0, 1), got {confidence!r}')
    means = np.sort(bootstrap_means(values, num_resamples, seed), axis=0)
    # Order statistics, not interpolated: an infinite mean must not give NaN.
    tail = int((1 - confidence) / 2 * num_resamples)
    return means[tail], means[num_resamples - 1 - tail]
