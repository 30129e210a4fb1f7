"""Figures of confidence, on errors of which all is known."""

import inspect

import numpy as np
import pytest

from mmwing.evaluation import ConfidenceMetric
from mmwing.evaluation.confidence import (
    ExpectedErrors,
    auroc,
    calibration_factor,
    confidence_figures,
    quantile_means,
    rejection_curve,
)
from mmwing.models.heads.landmark_confidence import FOUND_WITHIN


def make_errors(expected, actual):
    return ExpectedErrors(expected, actual, np.exp(-expected), actual < 1)


def drawn(factor=1.0, faces=400, landmarks=20, seed=0):
    """Errors as they were expected, up to a factor."""
    generator = np.random.default_rng(seed)
    mean = generator.uniform(0.5, 2, (faces, 1)) * np.linspace(0.5, 2, landmarks)
    return make_errors(mean / factor, generator.gamma(2, mean / 2))


def test_of_errors_as_they_were_expected():
    figures = confidence_figures(drawn())
    assert figures.factor == pytest.approx(1, abs=0.03)
    assert figures.calibration_error < 0.05
    assert figures.spearman > 0.5
    assert figures.spearman_faces > 0.8
    assert figures.rejection_area_best < figures.rejection_area
    # Faces differ, too, of which the number of a landmark knows nothing.
    assert figures.rejection_area < figures.rejection_area_landmarks - 0.05
    assert figures.rejection_area_landmarks < 0.95


def test_the_factor_puts_expectations_right():
    errors = drawn(factor=1.7)
    factor = calibration_factor(errors)
    assert factor == pytest.approx(1.7, rel=0.03)
    assert confidence_figures(errors).calibration_error > 0.3
    right = make_errors(errors.expected * factor, errors.actual)
    assert confidence_figures(right).calibration_error < 0.05


def test_constant_expectations_gain_nothing():
    errors = drawn()
    constant = make_errors(np.ones_like(errors.expected), errors.actual)
    curve = rejection_curve(constant.expected.ravel(), constant.actual.ravel())[1]
    np.testing.assert_allclose(curve, errors.actual.mean())
    assert confidence_figures(constant).rejection_area == pytest.approx(1)
    assert confidence_figures(constant).spearman == 0


def test_rejection_by_hand():
    kept, means = rejection_curve(np.array([2., 1., 3., 3.]),
                                  np.array([4., 1., 5., 9.]))
    np.testing.assert_allclose(kept, [0.25, 0.5, 0.75, 1])
    np.testing.assert_allclose(means, [1, 2.5, 4, 4.75])


def test_landmarks_without_annotation_do_not_count():
    errors = drawn()
    actual = errors.actual.copy()
    hidden = np.random.default_rng(1).random(actual.shape) < 0.3
    actual[hidden] = np.nan
    actual[7] = np.nan
    # What was expected of them does not count either.
    figures = [confidence_figures(ExpectedErrors(
        np.where(np.isnan(actual), expected, errors.expected), actual, errors.scores,
        actual < 1)) for expected in (1e-3, 1e3)]
    assert figures[0] == figures[1]
    nothing = make_errors(errors.expected, np.full_like(actual, np.nan))
    with pytest.raises(ValueError, match='no landmark is annotated'):
        calibration_factor(nothing)
    with pytest.raises(ValueError, match='two faces, got 1'):
        confidence_figures(drawn(faces=1))


def test_quantiles():
    by = np.array([3., 1., 2., 4.])
    np.testing.assert_allclose(quantile_means(by, by, -by, parts=2),
                               [[1.5, -1.5], [3.5, -3.5]])
    assert len(quantile_means(by, by, parts=9)) == 4


def test_auroc():
    assert auroc(np.array([0., 1.]), np.array([2., 3.])) == 1
    assert auroc(np.array([2., 3.]), np.array([0., 1.])) == 0
    assert auroc(np.array([1., 1.]), np.array([1.])) == 0.5
    generator = np.random.default_rng(0)
    negative, positive = generator.normal(size=60), generator.normal(0.5, size=40)
    wins = (positive[:, None] > negative).mean()
    assert auroc(negative, positive) == pytest.approx(wins)
    with pytest.raises(ValueError, match='0 negative and 1 positive'):
        auroc(np.array([]), np.array([1.]))


def make_sample(offset, visible=True, **pred):
    true = np.zeros((1, 3, 2), np.float32)
    return {
        'pred_instances': {'keypoints': true + offset,
                           'keypoint_scores': np.full((1, 3), 0.7), **pred},
        'gt_instances': {'keypoints': true,
                         'keypoints_visible': np.array([[1., 1., float(visible)]])},
        'input_size': (64, 64), 'input_scale': np.array([128., 128.])}


def test_metric_counts_in_pixels_of_the_input():
    metric = ConfidenceMetric()
    expected = np.full((1, 3), 2.)
    # 3, 4 in the image: 5 pixels, of which the input has half; found within 3.2.
    metric.process(None, [make_sample(np.array([3., 4.]), keypoint_errors=expected),
                          make_sample(np.array([6., 8.]), visible=False,
                                      keypoint_errors=expected)])
    figures = metric.evaluate(2)
    np.testing.assert_allclose(metric.errors.actual, [[2.5] * 3, [5, 5, np.nan]])
    np.testing.assert_array_equal(metric.errors.found[:, :2], [[True] * 2, [False] * 2])
    assert figures['confidence/factor'] == pytest.approx((3 * 2.5 + 2 * 5) / 5 / 2)
    with pytest.raises(ValueError, match='predicts no errors'):
        metric.process(None, [make_sample(np.zeros(2))])


def test_metric_takes_the_heads_word():
    assert inspect.signature(ConfidenceMetric).parameters['thr'].default == FOUND_WITHIN


def test_the_factor_is_the_mean_of_ratios():
    """The likeliest under L1; the ratio of means would be 4 / 3."""
    errors = make_errors(np.array([[1., 2.]]), np.array([[2., 2.]]))
    assert calibration_factor(errors) == pytest.approx(1.5)
