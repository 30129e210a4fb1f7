"""Bootstrap intervals of means over faces and seeds, and of paired differences."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mmwing.arguments import check_count

# Resamples that are held in memory together.
_BLOCK = 16


@dataclass(frozen=True)
class Difference:
    """A figure less another one, on the same faces.

    Attributes:
        mean: The difference.
        low: Lower end of its 95 % interval.
        high: Upper end.
    """

    mean: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether the interval does not hold 0."""
        return self.low > 0 or self.high < 0


def paired_differences(values: np.ndarray, reference: np.ndarray,
                       num_resamples: int = 1000, seed: int = 0) -> list[Difference]:
    """Differences of figures that are means over faces, with 95 % intervals.

    Each resample takes the same faces, and with several seeds the same seeds, from both
    sides: what makes a face hard for both cancels out, so that a difference has a much
    narrower interval than the figures themselves.

    Args:
        values: M figures of N faces in each of S seeds of the training (N, M, S), or
            (N, M) for one seed; NaN where a face is unusable.
        reference: The same of what they are compared with.
        num_resamples: Number of draws.
        seed: Seed of the draws.

    Returns:
        M differences, over the faces that are usable everywhere. Two predictions of a
        face that both failed (infinite errors) do not differ.

    Raises:
        ValueError: If the shapes differ or no face is usable.
    """
    values, reference = np.asarray(values), np.asarray(reference)
    if values.shape != reference.shape:
        raise ValueError('values and reference must have the same shape, got '
                         f'{values.shape} and {reference.shape}')
    with np.errstate(invalid='ignore'):  # two failed predictions: inf - inf
        differences = np.where(values == reference, 0., values - reference)
    differences = differences.reshape(*differences.shape[:2], -1)
    differences = differences[~np.isnan(differences).any(axis=(1, 2))]
    low, high = bootstrap_interval(differences, num_resamples, seed)
    means = differences.mean(axis=(0, 2))
    return [Difference(*map(float, figure)) for figure in zip(
        means, low, high, strict=True)]


def bootstrap_means(values: np.ndarray, num_resamples: int = 1000,
                    seed: int = 0) -> np.ndarray:
    """Means of values over faces drawn with replacement (Efron, 1979).

    Args:
        values: M figures that are each a mean over N faces (N, M), or the same in each
            of S seeds of the training (N, M, S); none NaN. All columns see the same
            draws, so that their differences are paired. With seeds, each draw takes
            also S of the seeds, with replacement.
        num_resamples: Number of draws of N faces.
        seed: Seed of the draws. With the same faces in the same order the result is
            the same.

    Returns:
        (num_resamples, M); NaN for a draw with infinities of both signs.

    Raises:
        ValueError: If there is no face, or ``num_resamples`` is no whole number of at
            least 1.
    """
    values = np.asarray(values, np.float64)
    if values.ndim not in (2, 3) or not len(values):
        raise ValueError('values must be (N, M) or (N, M, S) with at least one face, '
                         f'got {values.shape}')
    check_count('num_resamples', num_resamples)
    # Column by column: a product of a vector and a matrix is not worth BLAS's
    # threads, which on a busy machine wait for each other for most of the time.
    columns = [_ColumnMean(column) for column in np.asfortranarray(
        values.reshape(len(values), -1)).T]
    means = np.concatenate([
        np.stack([column(counts) for column in columns], axis=1)
        for counts in _draws(len(values), num_resamples, seed)])
    if values.ndim == 2:
        return means
    means = means.reshape(num_resamples, *values.shape[1:])
    return _mean_over_drawn_seeds(means, seed)


def _mean_over_drawn_seeds(means: np.ndarray, seed: int) -> np.ndarray:
    """(draws, M, S) to (draws, M): each draw takes S of the seeds, for all figures."""
    draws, _, num_seeds = means.shape
    drawn = np.random.default_rng(seed).integers(num_seeds, size=(draws, num_seeds))
    return np.take_along_axis(means, drawn[:, None], axis=2).mean(axis=2)


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
        values: (N, M) or (N, M, S), see :func:`bootstrap_means`.
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
