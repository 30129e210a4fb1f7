"""Face-alignment figures as functions of arrays: NME, failure rate, AUC, CED.

:func:`nme`, :func:`failure_rate`, :func:`auc` and :func:`ced` take landmarks as numpy
arrays or torch tensors. The functions below them are their steps, in numpy; the metric
uses the same ones.

N faces, K landmarks, coordinates in pixels of the original image. An error is NaN where
it does not exist (landmark not visible, face without a usable normaliser) and infinite
where the prediction is not finite: the first is left out, the second is a failure.
"""

import sys
import warnings
from typing import Any

import numpy as np
import torch

from mmwing.arguments import is_number

from .arrays import as_array
from .normalizers import Normalizer, check_visible, is_given, normalizer_lengths
from .units import error_doubt, landmark_doubt, length_doubt

ArrayLike = Any
REDUCTIONS = ('mean', 'none')


def nme(pred: ArrayLike, target: ArrayLike, normalizer: Normalizer = 'inter_ocular',
        visible: ArrayLike | None = None, *, boxes: ArrayLike | None = None,
        reduction: str = 'mean') -> Any:
    """Normalised mean error: of each face over its landmarks, then over the faces.

    Args:
        pred: Predicted landmarks (N, K, 2), numpy or torch, any unit.
        target: True landmarks (N, K, 2) in the same unit; NaN, or masked in a masked
            array, means not annotated.
        normalizer: What a face's error is divided by:

            - ``'inter_ocular'``, the distance of the outer corners of the eyes, or
              ``'inter_pupil'``: for 5, 19 (AFLW), 29 (COFW), 51 and 68 (iBUG),
              98 (WFLW) or 106 (LaPa) landmarks;
            - ``'box_longer_side'``, ``'box_sqrt_area'``, ``'box_diagonal'``,
              ``'box_width'`` or ``'box_height'`` of ``boxes``, or with ``landmark_``
              in front of the tight box around the true landmarks;
            - a pair of landmarks such as ``(36, 45)``, whose distance counts; each may
              be a list of landmarks, whose centroid counts;
            - an array or tensor (N,) of lengths.
        visible: (N, K), positive where a landmark counts, such as MMPose's
            ``keypoints_visible``. By default all.
        boxes: Face boxes (N, 4) as x1, y1, x2, y2, for the normalisers ``box_*``.
        reduction: ``'mean'`` over the faces, or ``'none'`` for one error a face.

    Returns:
        A fraction: 0.04 is what papers print as 4.00. With ``'none'`` an array (N,).
        numpy gives a float or array of float64; torch a tensor on the device of
        ``pred``. A face whose normaliser is zero, negative or unknown, or none of whose
        landmarks is visible, has the error NaN and is left out of the mean with a
        warning. A face whose prediction is not finite has an infinite error. Landmarks
        and lengths whose spread shows that they are in different units are warned of.

    Raises:
        TypeError: If an argument is not an array of numbers.
        ValueError: If shapes do not agree, the normaliser means nothing for these
            faces, or no face is usable.

    Example:
        >>> import numpy as np, mmwing
        >>> target = np.random.default_rng(0).uniform(0, 200, (10, 68, 2))
        >>> target[:, 36], target[:, 45] = (60, 80), (120, 80)  # corners of the eyes
        >>> round(mmwing.evaluation.functional.nme(target + (3, 0), target), 3)
        0.05
    """
    if reduction not in REDUCTIONS:
        raise ValueError(f'reduction must be one of {REDUCTIONS}, got {reduction!r}')
    if reduction == 'none':
        return _like(_errors_of(pred, target, normalizer, visible, boxes), pred)
    errors = _usable_errors_of(pred, target, normalizer, visible, boxes)
    return _like(mean_of_usable(errors), pred)


def failure_rate(pred: ArrayLike, target: ArrayLike | None = None, *, thr: float = 0.1,
                 normalizer: Normalizer = 'inter_ocular',
                 visible: ArrayLike | None = None,
                 boxes: ArrayLike | None = None) -> Any:
    """Share of faces whose error is above a threshold (FR@thr).

    Args:
        pred: Predicted landmarks (N, K, 2), or, without ``target``, the faces' errors
            (N,) as ``nme(..., reduction='none')`` gives them.
        target: True landmarks (N, K, 2).
        thr: Threshold, a fraction of the normaliser. The literature has 0.1 for WFLW
            and 0.08, earlier 0.1, for 300-W.
        normalizer: See :func:`nme`.
        visible: See :func:`nme`.
        boxes: See :func:`nme`.

    Returns:
        A fraction; a float for numpy, a tensor for torch. Unusable faces are left out
        as in :func:`nme`.

    Raises:
        TypeError: If an argument is not an array of numbers.
        ValueError: As :func:`nme`, if the threshold is not positive and finite, or if
            ``normalizer``, ``visible`` or ``boxes`` are given beside errors.
    """
    check_threshold(thr)
    errors = _usable_errors_of(pred, target, normalizer, visible, boxes)
    _warn(error_doubt(errors, thr, given=target is None))
    return _like(mean_of_usable(failures(errors, thr)), pred)


def auc(pred: ArrayLike, target: ArrayLike | None = None, *, thr: float = 0.1,
        normalizer: Normalizer = 'inter_ocular', visible: ArrayLike | None = None,
        boxes: ArrayLike | None = None) -> Any:
    """Area under the cumulative error distribution up to a threshold (AUC@thr).

    It is divided by the threshold, so that it is 1 when every error is 0, and exact: no
    bins. MMPose's metric ``AUC`` is another figure, a mean of PCK.

    Args:
        pred: See :func:`failure_rate`.
        target: See :func:`failure_rate`.
        thr: See :func:`failure_rate`.
        normalizer: See :func:`nme`.
        visible: See :func:`nme`.
        boxes: See :func:`nme`.

    Returns:
        A fraction; a float for numpy, a tensor for torch.

    Raises:
        TypeError: If an argument is not an array of numbers.
        ValueError: As :func:`nme`, if the threshold is not positive and finite, or if
            ``normalizer``, ``visible`` or ``boxes`` are given beside errors.
    """
    check_threshold(thr)
    errors = _usable_errors_of(pred, target, normalizer, visible, boxes)
    _warn(error_doubt(errors, thr, given=target is None))
    return _like(mean_of_usable(ced_areas(errors, thr)), pred)


def ced(pred: ArrayLike, target: ArrayLike | None = None, *,
        normalizer: Normalizer = 'inter_ocular', visible: ArrayLike | None = None,
        boxes: ArrayLike | None = None) -> tuple[Any, Any]:
    """Cumulative error distribution of the faces, as a step function.

    Args:
        pred: See :func:`failure_rate`.
        target: See :func:`failure_rate`.
        normalizer: See :func:`nme`.
        visible: See :func:`nme`.
        boxes: See :func:`nme`.

    Returns:
        The sorted errors, and for each the share of faces at or below it; arrays for
        numpy, tensors for torch. Draw them with ``plt.step(..., where='post')``. A face
        whose prediction is not finite counts among the faces and has no step.

    Raises:
        TypeError: If an argument is not an array of numbers.
        ValueError: As :func:`nme`, or if ``normalizer``, ``visible`` or ``boxes`` are
            given beside errors.
    """
    errors = np.sort(_usable_errors_of(pred, target, normalizer, visible, boxes))
    share = np.arange(1, len(errors) + 1) / len(errors)
    finite = np.isfinite(errors)
    return _like(errors[finite], pred), _like(share[finite], pred)


def _errors_of(pred: ArrayLike, target: ArrayLike | None, normalizer: Normalizer,
               visible: ArrayLike | None, boxes: ArrayLike | None) -> np.ndarray:
    """Errors of the faces (N,), computed from landmarks or given as such."""
    if target is not None:
        if np.ndim(target) == 0:
            raise ValueError('target must be the true landmarks (N, K, 2), got '
                             f'{target!r}; a threshold is given by name, thr={target}')
        points = point_errors(pred, target, visible)
        true = as_array(target, 'target')
        lengths = normalizer_lengths(normalizer, true, visible, boxes)
        known = ~np.isnan(points)
        _warn(landmark_doubt(as_array(pred, 'pred'), true, known))
        if is_given(normalizer):
            _warn(length_doubt(lengths, true, known))
        return face_errors(points, lengths)
    errors = as_array(pred, 'pred').astype(np.float64)
    if errors.ndim != 1:
        raise ValueError(
            f'pred has the shape {errors.shape}: give target, too, or as pred the '
            "errors of the faces (N,), from nme(pred, target, reduction='none')")
    default = isinstance(normalizer, str) and normalizer == 'inter_ocular'
    for name, given in (('visible', visible is not None), ('boxes', boxes is not None),
                        ('normalizer', not default)):
        if given:
            raise ValueError(
                f'{name} goes with landmarks, and pred holds errors of faces, which '
                f'are computed already: give it to nme(pred, target, {name}=..., '
                "reduction='none'), which makes them")
    if (errors < 0).any():
        raise ValueError(f'pred: errors cannot be negative, got {errors.min():g}')
    return errors


def _warn(doubt: str | None) -> None:
    """Warn at the line that called nme, failure_rate, auc or ced."""
    if not doubt:
        return
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename == __file__:
        level, frame = level + 1, frame.f_back
    warnings.warn(doubt, stacklevel=level)


def _usable_errors_of(*arguments: Any) -> np.ndarray:
    """Errors of the usable faces; the others are warned of."""
    errors = _errors_of(*arguments)
    count = int(np.isnan(errors).sum())
    if not len(errors):
        raise ValueError('pred is empty: there is no face')
    if count == len(errors):
        raise ValueError(f'none of the {count} faces is usable: the normalizer is zero '
                         'or unknown for each, or no landmark is visible')
    if count:
        _warn(f'{count} of {len(errors)} faces have no usable normalizer or no visible '
              'landmark; they are left out')
    return usable_errors(errors)


def _like(value: float | np.ndarray, given: ArrayLike) -> Any:
    """A tensor beside a tensor, else a float or array."""
    if not isinstance(given, torch.Tensor):
        return value
    # Apple's GPUs have no float64.
    dtype = torch.float32 if given.device.type == 'mps' else torch.float64
    return torch.as_tensor(value, dtype=dtype, device=given.device)


def point_errors(pred: ArrayLike, target: ArrayLike,
                 visible: ArrayLike | None = None) -> np.ndarray:
    """Euclidean distance of each landmark from its true position.

    Args:
        pred: Predicted landmarks (N, K, 2).
        target: True landmarks (N, K, 2), in the same unit; NaN means not annotated.
        visible: (N, K), positive where a landmark counts. By default all.

    Returns:
        (N, K) float64: NaN where a landmark does not count, infinite where the
        prediction is not finite.

    Raises:
        TypeError: If an argument is not an array of numbers.
        ValueError: If the shapes do not agree.
    """
    pred, target = as_array(pred, 'pred'), as_array(target, 'target')
    if pred.ndim != 3 or pred.shape[-1] != 2:
        one = '; one face is pred[None]' if pred.ndim == 2 else ''
        raise ValueError(f'pred must have the shape (N, K, 2), got {pred.shape}{one}')
    if not pred.shape[1]:
        raise ValueError('pred must hold at least one landmark of each face, got the '
                         f'shape {pred.shape}')
    if pred.shape != target.shape:
        raise ValueError(
            f'pred and target must have the same shape (N, K, 2), got {pred.shape} and '
            f'{target.shape}: is the model for another number of landmarks?')
    known = np.isfinite(target).all(-1)
    if visible is not None:
        known &= check_visible(visible, target)
    # Only the differences are needed in double precision, and of one axis at a time.
    with np.errstate(invalid='ignore', over='ignore'):  # what is not finite is below
        errors = np.subtract(pred[..., 0], target[..., 0], dtype=np.float64)
        vertical = np.subtract(pred[..., 1], target[..., 1], dtype=np.float64)
        np.hypot(errors, vertical, out=errors)
    errors[~np.isfinite(pred).all(-1)] = np.inf
    errors[~known] = np.nan
    return errors


def face_errors(errors: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Mean error of each face over its visible landmarks, in units of a normaliser.

    Args:
        errors: Errors of landmarks (N, K), from :func:`point_errors`.
        lengths: The normaliser's length for each face (N,), in the same unit.

    Returns:
        (N,) float64. NaN marks an unusable face: one whose length is zero, negative or
        not finite, or one without any visible landmark.
    """
    lengths = np.asarray(lengths, np.float64)
    if lengths.shape != errors.shape[:1]:
        raise ValueError(f'lengths must have one value for each of the {len(errors)} '
                         f'faces, got the shape {lengths.shape}')
    known = ~np.isnan(errors)
    with np.errstate(over='ignore'):
        total = np.where(known, errors, 0).sum(1)
    count = known.sum(1)
    usable = np.isfinite(lengths) & (lengths > 0) & (count > 0)
    result = np.full(len(errors), np.nan)
    result[usable] = total[usable] / (count[usable] * lengths[usable])
    return result


def pooled_nme(errors: np.ndarray, lengths: np.ndarray) -> float:
    """Mean over all visible landmarks of all usable faces, as MMPose's ``NME``.

    It differs from the mean over faces where faces have different numbers of visible
    landmarks. Arguments as for :func:`face_errors`.
    """
    lengths = np.asarray(lengths, np.float64)
    usable = np.isfinite(lengths) & (lengths > 0)
    scaled = errors[usable] / lengths[usable, None]
    return mean_of_usable(scaled.ravel())


def landmark_nme(errors: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Mean error of each landmark (K,) over the usable faces where it is visible.

    In units of the normaliser; NaN for a landmark that is nowhere visible. Arguments as
    for :func:`face_errors`.
    """
    lengths = np.asarray(lengths, np.float64)
    usable = np.isfinite(lengths) & (lengths > 0)
    return np.array([mean_of_usable(column[usable] / lengths[usable])
                     for column in errors.T])


def usable_errors(errors: np.ndarray) -> np.ndarray:
    """Drop the NaN of unusable faces (the caller reports how many there were)."""
    errors = np.asarray(errors, np.float64)
    return errors[~np.isnan(errors)]


def mean_of_usable(errors: np.ndarray) -> float:
    """Mean of the errors (any number of faces) without NaN; NaN when none is left."""
    errors = usable_errors(errors)
    return float(errors.mean()) if len(errors) else float('nan')


def check_threshold(thr: float) -> None:
    """Raise ValueError when FR and AUC are not defined at the threshold."""
    if not is_number(thr) or not 0 < thr < np.inf:
        raise ValueError(f'thr must be positive and finite, a number such as 0.1 (a '
                         f'fraction of the normaliser), got {thr!r}')


def failures(errors: np.ndarray, thr: float) -> np.ndarray:
    """1 for each face (N,) whose error is above the threshold, else 0; NaN is kept."""
    errors = np.asarray(errors, np.float64)
    return np.where(np.isnan(errors), np.nan, errors > thr)


def ced_areas(errors: np.ndarray, thr: float) -> np.ndarray:
    """What each face (N,) adds to the area under the CED; NaN is kept.

    The cumulative error distribution (CED) is a step function: a face with error e
    contributes a step of height 1/N from e onwards. Its area up to t is therefore
    exactly max(0, t - e) / N, and divided by t, max(0, 1 - e/t) / N.
    """
    with np.errstate(over='ignore'):
        return np.maximum(0, 1 - np.asarray(errors, np.float64) / thr)
