"""Does a confidence keep its word? Expected against actual errors of landmarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata, spearmanr

#: Parts of equal number that errors are sorted into.
QUANTILES = 10


@dataclass(frozen=True, eq=False)
class ExpectedErrors:
    """What was expected of the landmarks of N faces, and what came.

    Lengths in pixels of the network input.

    Attributes:
        expected: Mean distances to be expected, (N, K).
        actual: Distances between landmark and truth, (N, K); NaN where not annotated.
        scores: ``keypoint_scores``, (N, K).
        found: (N, K), whether a landmark is as near to the truth as that of which a
            score is the probability.
    """

    expected: np.ndarray
    actual: np.ndarray
    scores: np.ndarray
    found: np.ndarray

    def __len__(self) -> int:
        return len(self.expected)

    @property
    def known(self) -> np.ndarray:
        """Landmarks that count, (N, K)."""
        return np.isfinite(self.actual)


@dataclass(frozen=True)
class ConfidenceFigures:
    """Numbers of a test of confidence.

    Attributes:
        factor: Actual over expected errors: what the calibration would be multiplied
            by.
        calibration_error: Difference between expected and actual errors in
            :data:`QUANTILES` parts, the mean over parts, as a fraction of the mean
            error.
        spearman: Rank correlation of expected and actual errors of landmarks.
        spearman_faces: The same of the means of faces.
        rejection_area: Mean error of the landmarks that are kept, averaged over all
            shares that may be kept, those first of which the least is expected; as a
            fraction of the mean error. 1 for constant scores.
        rejection_area_landmarks: The same if all that is known is which landmark it
            is: its mean over the other half of the faces.
        rejection_area_best: The same if errors were known.
        score_error: Difference between scores and the share of landmarks found, as
            ``calibration_error``, but absolute.
        found: Share of landmarks found.
    """

    factor: float
    calibration_error: float
    spearman: float
    spearman_faces: float
    rejection_area: float
    rejection_area_landmarks: float
    rejection_area_best: float
    score_error: float
    found: float


def calibration_factor(errors: ExpectedErrors) -> float:
    """What expected errors have to be multiplied by to be met on average.

    The mean of actual over expected errors: of all factors the likeliest, under the
    likelihood of L1.

    Raises:
        ValueError: If no landmark is annotated.
    """
    if not errors.known.any():
        raise ValueError('no landmark is annotated: there is nothing to calibrate by')
    return float(np.mean(errors.actual[errors.known] / errors.expected[errors.known]))


def quantile_means(by: np.ndarray, *values: np.ndarray,
                   parts: int = QUANTILES) -> np.ndarray:
    """Sort by one array, cut into parts of equal number, and average.

    Args:
        by: What is sorted by, (M,).
        *values: What is averaged, (M,) each.
        parts: How many parts; fewer if there are fewer values.

    Returns:
        (parts, number of values).
    """
    order = np.argsort(by, kind='stable')
    return np.array([[value[part].mean() for value in values]
                     for part in np.array_split(order, min(parts, len(order)))])


def rejection_curve(expected: np.ndarray,
                    actual: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean error of what is kept, from the least expected error on.

    Where the same is expected of several, their order does not count: each takes the
    mean of them.

    Args:
        expected: (M,).
        actual: (M,).

    Returns:
        Shares that are kept (M,) and their mean errors (M,).
    """
    values, group = np.unique(expected, return_inverse=True)
    means = np.bincount(group, actual) / np.bincount(group, minlength=len(values))
    kept = np.arange(1, len(actual) + 1)
    return kept / len(actual), np.cumsum(means[np.sort(group)]) / kept


def auroc(negative: np.ndarray, positive: np.ndarray) -> float:
    """Probability that a positive has the higher score; ties count half.

    The area under the ROC curve, as Mann and Whitney's U.

    Args:
        negative: Scores, (M,).
        positive: Scores, (P,).

    Raises:
        ValueError: If either is empty.
    """
    if not len(negative) or not len(positive):
        raise ValueError('auroc needs scores of both kinds, got '
                         f'{len(negative)} negative and {len(positive)} positive')
    ranks = rankdata(np.concatenate([negative, positive]))[len(negative):]
    return float((ranks.mean() - (len(positive) + 1) / 2) / len(negative))


def confidence_figures(errors: ExpectedErrors) -> ConfidenceFigures:
    """All figures of a test.

    Raises:
        ValueError: If there are fewer than two faces, or no landmark is annotated.
    """
    if len(errors) < 2:
        raise ValueError('figures of confidence need two faces, got '
                         f'{len(errors)}')
    factor = calibration_factor(errors)
    known = errors.known
    expected, actual = errors.expected[known], errors.actual[known]
    mean = actual.mean()
    table = quantile_means(expected, expected, actual)
    scores = quantile_means(errors.scores[known], errors.scores[known],
                            errors.found[known])
    of_faces = [np.nanmean(np.where(known, each, np.nan)[known.any(1)], axis=1)
                for each in (errors.expected, errors.actual)]
    return ConfidenceFigures(
        factor=factor,
        calibration_error=float(np.abs(table[:, 0] - table[:, 1]).mean() / mean),
        spearman=_correlation(expected, actual),
        spearman_faces=_correlation(*of_faces),
        rejection_area=_area(expected, actual) / mean,
        rejection_area_landmarks=_area(_of_other_half(errors)[known], actual) / mean,
        rejection_area_best=_area(actual, actual) / mean,
        score_error=float(np.abs(scores[:, 0] - scores[:, 1]).mean()),
        found=float(errors.found[known].mean()))


def _correlation(expected: np.ndarray, actual: np.ndarray) -> float:
    """Spearman's; 0 of what does not vary, which tells nothing of anything."""
    if not np.ptp(expected) or not np.ptp(actual):
        return 0.
    return float(spearmanr(expected, actual).statistic)


def _area(expected: np.ndarray, actual: np.ndarray) -> float:
    return float(rejection_curve(expected, actual)[1].mean())


def _of_other_half(errors: ExpectedErrors) -> np.ndarray:
    """Mean error of each landmark over every other face, for those between."""
    means = np.empty_like(errors.expected)
    for half in (0, 1):
        other = errors.actual[1 - half::2]
        known = np.isfinite(other)
        total = np.where(known, other, 0).sum(0)
        means[half::2] = total / np.maximum(known.sum(0), 1)
    return means
