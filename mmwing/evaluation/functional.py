"""Figures of face alignment, as pure functions of numpy arrays.

Shapes: N faces, K landmarks. Coordinates are pixels of the original image. An error
is NaN where it does not exist (landmark not annotated, face without a usable
normaliser) and infinite where the prediction is not finite: the first is left out and
counted, the second is a failure.
"""

from collections.abc import Sequence
from numbers import Real

import numpy as np

BOX_MEASURES = ('size', 'sqrt_area', 'diagonal', 'width', 'height')


def point_errors(pred: np.ndarray, gt: np.ndarray,
                 annotated: np.ndarray | None = None) -> np.ndarray:
    """Euclidean distance of each landmark from its true position.

    Args:
        pred: Predicted landmarks (N, K, 2), pixels.
        gt: True landmarks (N, K, 2), pixels; NaN means not annotated.
        annotated: (N, K), true or positive where there is a ground truth. None: all.

    Returns:
        (N, K) float64, pixels: NaN where not annotated, infinite where the prediction
        is not finite.

    Raises:
        ValueError: When the shapes do not agree.
    """
    pred, gt = np.asarray(pred), np.asarray(gt)
    if pred.ndim != 3 or pred.shape[-1] != 2:
        raise ValueError(f'pred must have the shape (N, K, 2), got {pred.shape}')
    if pred.shape != gt.shape:
        raise ValueError(
            f'pred and gt must have the same shape (N, K, 2), got {pred.shape} and '
            f'{gt.shape}: is the model for another number of landmarks?')
    known = np.isfinite(gt).all(-1)
    if annotated is not None:
        annotated = np.asarray(annotated)
        if annotated.shape != gt.shape[:2]:
            raise ValueError(f'annotated must have the shape {gt.shape[:2]}, '
                             f'got {annotated.shape}')
        known &= annotated > 0
    # Only the differences are needed in double precision, and of one axis at a time.
    errors = np.subtract(pred[..., 0], gt[..., 0], dtype=np.float64)
    vertical = np.subtract(pred[..., 1], gt[..., 1], dtype=np.float64)
    np.hypot(errors, vertical, out=errors)
    errors[~np.isfinite(pred).all(-1)] = np.inf
    errors[~known] = np.nan
    return errors


def landmark_distance(gt: np.ndarray, first: Sequence[int], second: Sequence[int],
                      annotated: np.ndarray | None = None) -> np.ndarray:
    """Distance between the centroids of two groups of true landmarks.

    Args:
        gt: True landmarks (N, K, 2), pixels.
        first: Indices of the first group.
        second: Indices of the second group.
        annotated: (N, K). None: all.

    Returns:
        (N,) float64, pixels; NaN for a face where a landmark of either group is not
        annotated.
    """
    gt = np.asarray(gt, np.float64)
    first, second = list(first), list(second)
    offset = gt[:, first].mean(1) - gt[:, second].mean(1)
    distance = np.hypot(offset[:, 0], offset[:, 1])
    if annotated is not None:
        known = np.asarray(annotated)[:, first + second] > 0
        distance = np.where(known.all(1), distance, np.nan)
    return distance


def landmark_boxes(gt: np.ndarray, annotated: np.ndarray | None = None) -> np.ndarray:
    """Tight boxes (N, 4) as x1, y1, x2, y2 around the annotated true landmarks.

    NaN for a face with no annotated landmark.
    """
    gt = np.asarray(gt)
    known = np.isfinite(gt).all(-1)
    if annotated is not None:
        known &= np.asarray(annotated) > 0
    low = np.where(known[..., None], gt, np.inf).min(1)
    high = np.where(known[..., None], gt, -np.inf).max(1)
    boxes = np.concatenate([low, high], axis=1).astype(np.float64)
    boxes[~known.any(1)] = np.nan
    return boxes


def mean_face(gt: np.ndarray, annotated: np.ndarray | None = None) -> np.ndarray:
    """Average of the true landmarks, each face in units of its landmark box.

    Returns:
        (K, 2): the box's centre is (0, 0), its longer side 1. NaN for a landmark that
        is nowhere annotated.
    """
    gt = np.asarray(gt)
    boxes = landmark_boxes(gt, annotated)
    size = box_measure(boxes, 'size')
    known = np.isfinite(gt).all(-1) & (size > 0)[:, None]
    if annotated is not None:
        known &= np.asarray(annotated) > 0
    total = np.zeros(gt.shape[1:])
    for face, box, length, mask in zip(gt, boxes, size, known, strict=True):
        total[mask] += (face[mask] - (box[:2] + box[2:]) / 2) / length
    with np.errstate(invalid='ignore'):
        return total / known.sum(0)[:, None]


def box_measure(boxes: np.ndarray, measure: str) -> np.ndarray:
    """One length (N,) for each box (N, 4), given as x1, y1, x2, y2.

    Args:
        boxes: Boxes in pixels.
        measure: ``size``, the longer side (MMPose's ``bbox_size``); ``sqrt_area``, the
            square root of width times height; ``diagonal``; ``width``; ``height``.

    Raises:
        ValueError: When the measure is none of these.
    """
    boxes = np.asarray(boxes, np.float64)
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    if measure == 'size':
        return np.maximum(width, height)
    if measure == 'sqrt_area':
        return np.sqrt(np.maximum(width, 0) * np.maximum(height, 0))
    if measure == 'diagonal':
        return np.hypot(width, height)
    if measure == 'width':
        return width
    if measure == 'height':
        return height
    raise ValueError(f'measure must be one of {BOX_MEASURES}, got {measure!r}')


def face_errors(errors: np.ndarray, normalizer: np.ndarray) -> np.ndarray:
    """Mean error of each face over its annotated landmarks, in units of a normaliser.

    Args:
        errors: Errors of landmarks (N, K), pixels, from :func:`point_errors`.
        normalizer: A length for each face (N,), pixels.

    Returns:
        (N,) float64. NaN marks an unusable face: one whose normaliser is zero,
        negative or not finite, or one without any annotated landmark.
    """
    normalizer = np.asarray(normalizer, np.float64)
    if normalizer.shape != errors.shape[:1]:
        raise ValueError(f'normalizer must have one value for each of the '
                         f'{len(errors)} faces, got the shape {normalizer.shape}')
    known = ~np.isnan(errors)
    total = np.where(known, errors, 0).sum(1)
    count = known.sum(1)
    usable = np.isfinite(normalizer) & (normalizer > 0) & (count > 0)
    result = np.full(len(errors), np.nan)
    result[usable] = total[usable] / (count[usable] * normalizer[usable])
    return result


def pooled_nme(errors: np.ndarray, normalizer: np.ndarray) -> float:
    """Mean over all annotated landmarks of all usable faces, as MMPose's ``NME``.

    It differs from the mean over faces where faces have different numbers of
    annotated landmarks.
    """
    normalizer = np.asarray(normalizer, np.float64)
    usable = np.isfinite(normalizer) & (normalizer > 0)
    scaled = errors[usable] / normalizer[usable, None]
    return mean_of_usable(scaled.ravel())


def landmark_nme(errors: np.ndarray, normalizer: np.ndarray) -> np.ndarray:
    """Mean error of each landmark (K,) over the usable faces where it is annotated.

    In units of the normaliser; NaN for a landmark that is nowhere annotated.
    """
    normalizer = np.asarray(normalizer, np.float64)
    usable = np.isfinite(normalizer) & (normalizer > 0)
    return np.array([mean_of_usable(column[usable] / normalizer[usable])
                     for column in errors.T])


def usable_errors(errors: np.ndarray) -> np.ndarray:
    """Drop the NaN of unusable faces (the caller reports how many there were)."""
    errors = np.asarray(errors, np.float64)
    return errors[~np.isnan(errors)]


def mean_of_usable(errors: np.ndarray) -> float:
    """Mean of the errors (any number of faces) without NaN; NaN when none is left."""
    errors = usable_errors(errors)
    return float(errors.mean()) if len(errors) else float('nan')


def check_threshold(threshold: float) -> None:
    """Raise ValueError when FR and AUC are not defined at the threshold."""
    if not isinstance(threshold, Real) or not 0 < threshold < np.inf:
        raise ValueError(f'a threshold must be positive and finite (a fraction of the '
                         f'normaliser, such as 0.1), got {threshold!r}')


def failures(errors: np.ndarray, threshold: float) -> np.ndarray:
    """1 for each face (N,) whose error is above the threshold, else 0; NaN is kept."""
    check_threshold(threshold)
    errors = np.asarray(errors, np.float64)
    return np.where(np.isnan(errors), np.nan, errors > threshold)


def ced_areas(errors: np.ndarray, threshold: float) -> np.ndarray:
    """What each face (N,) adds to the area under the CED; NaN is kept.

    The cumulative error distribution (CED) is a step function: a face with error e
    contributes a step of height 1/N from e onwards. Its area up to t is therefore
    exactly max(0, t - e) / N, and divided by t, max(0, 1 - e/t) / N.
    """
    check_threshold(threshold)
    return np.maximum(0, 1 - np.asarray(errors, np.float64) / threshold)


def failure_rate(errors: np.ndarray, threshold: float) -> float:
    """Share of usable faces whose error is above the threshold (FR@t)."""
    return mean_of_usable(failures(errors, threshold))


def area_under_ced(errors: np.ndarray, threshold: float) -> float:
    """Area under the CED from 0 to the threshold, divided by the threshold (AUC@t).

    It is exact, not sampled; 1 when every error is 0.
    """
    return mean_of_usable(ced_areas(errors, threshold))


def ced(errors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cumulative error distribution of the usable faces, as a step function.

    Returns:
        Sorted finite errors and, for each, the share of faces at or below it. A face
        with infinite error counts in the denominator and has no step.
    """
    errors = np.sort(usable_errors(errors))
    share = np.arange(1, len(errors) + 1) / max(len(errors), 1)
    finite = np.isfinite(errors)
    return errors[finite], share[finite]
