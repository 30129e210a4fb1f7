import math

import numpy as np
import pytest

from mmwing.evaluation import functional as F


def reference_face_error(pred, gt, annotated, length):
    """The literature's formula, one landmark at a time."""
    distances = [math.dist(p, g) for p, g, a in zip(pred, gt, annotated, strict=True)
                 if a]
    return sum(distances) / len(distances) / length


def test_face_errors_equal_a_plain_loop(make_faces):
    faces = make_faces()
    lengths = np.linspace(20, 80, len(faces))
    errors = F.face_errors(
        F.point_errors(faces.pred, faces.gt, faces.annotated), lengths)
    expected = [reference_face_error(*face) for face in zip(
        faces.pred, faces.gt, faces.annotated, lengths, strict=True)]
    np.testing.assert_allclose(errors, expected, rtol=1e-12)


def test_a_hand_worked_face():
    gt = np.array([[[0, 0], [10, 0], [5, 5.]]])
    pred = np.array([[[3, 4], [10, 1], [5, 5.]]])
    errors = F.point_errors(pred, gt)
    np.testing.assert_array_equal(errors, [[5, 1, 0]])
    length = F.landmark_distance(gt, [0], [1])
    assert F.face_errors(errors, length) == pytest.approx([0.2])


def test_landmark_without_annotation_is_left_out():
    gt = np.array([[[0, 0], [10, 0], [np.nan, 5]]])
    pred = np.array([[[0, 3], [999, 999], [7, 7.]]])
    errors = F.point_errors(pred, gt, np.array([[1, 0, 1]]))
    np.testing.assert_array_equal(errors, [[3, np.nan, np.nan]])
    assert F.face_errors(errors, np.array([10.])) == pytest.approx([0.3])


@pytest.mark.parametrize('length', [0, -1, np.nan, np.inf])
def test_face_without_usable_normalizer_is_nan(length):
    errors = np.ones((2, 3))
    result = F.face_errors(errors, np.array([length, 2]))
    np.testing.assert_array_equal(result, [np.nan, 0.5])


def test_face_without_annotation_is_nan():
    assert np.isnan(F.face_errors(np.full((1, 3), np.nan), np.ones(1)))


def test_prediction_that_is_not_finite_is_a_failure():
    gt = np.zeros((1, 2, 2))
    pred = np.array([[[np.nan, 0], [1, 0]]])
    error = F.face_errors(F.point_errors(pred, gt), np.ones(1))
    assert np.isinf(error)
    assert F.failure_rate(error, 0.1) == 1
    assert F.area_under_ced(error, 0.1) == 0


def test_area_is_the_integral_of_the_step_function():
    rng = np.random.default_rng(1)
    errors = np.concatenate([rng.gamma(2, 0.02, 333), [0, 0.1, np.inf]])
    threshold = 0.1
    # Rectangles between the steps, an independent way to the same area.
    steps = np.sort(errors[errors <= threshold])
    edges = np.concatenate([steps, [threshold]])
    share = np.arange(1, len(steps) + 1) / len(errors)
    expected = np.sum(np.diff(edges) * share) / threshold
    assert F.area_under_ced(errors, threshold) == pytest.approx(expected, abs=1e-14)


def test_area_agrees_with_the_sampled_figure_of_the_literature():
    """Papers sample the CED at steps of 1e-4 and use the trapezoid or Simpson rule."""
    errors = np.random.default_rng(2).gamma(2, 0.02, 500)
    grid = np.arange(0, 0.1 + 1e-9, 1e-4)
    share = (errors[None] <= grid[:, None]).mean(1)
    sampled = np.sum((share[1:] + share[:-1]) / 2 * 1e-4) / 0.1
    assert F.area_under_ced(errors, 0.1) == pytest.approx(sampled, abs=1e-3)


def test_area_is_one_for_perfect_and_failure_is_above_not_at():
    assert F.area_under_ced(np.zeros(4), 0.08) == 1
    assert F.failure_rate(np.array([0.1, 0.2, 0.05, np.nan]), 0.1) == pytest.approx(
        1 / 3)


def test_ced_counts_infinite_errors_in_the_denominator():
    steps, share = F.ced(np.array([0.2, np.inf, 0.1, np.nan, 0.1]))
    np.testing.assert_array_equal(steps, [0.1, 0.1, 0.2])
    np.testing.assert_allclose(share, [0.25, 0.5, 0.75])


@pytest.mark.parametrize(('measure', 'expected'), [
    ('size', 8), ('sqrt_area', math.sqrt(48)), ('diagonal', 10), ('width', 6),
    ('height', 8)])
def test_box_measures(measure, expected):
    assert F.box_measure([[1, 2, 7, 10]], measure) == pytest.approx([expected])


def test_landmark_box_ignores_what_is_not_annotated():
    gt = np.array([[[1, 2], [5, 9], [100, 100]], [[0, 0], [0, 0], [0, 0]]])
    boxes = F.landmark_boxes(gt, np.array([[1, 1, 0], [0, 0, 0]]))
    np.testing.assert_array_equal(boxes[0], [1, 2, 5, 9])
    assert np.isnan(boxes[1]).all()


def test_distance_between_groups_is_between_centroids():
    gt = np.array([[[0, 0], [0, 2], [4, 1], [50, 50]]])
    assert F.landmark_distance(gt, [0, 1], [2]) == pytest.approx([4])
    assert np.isnan(F.landmark_distance(gt, [0, 1], [2], np.array([[1, 0, 1, 1]])))


@pytest.mark.parametrize(('call', 'message'), [
    (lambda: F.point_errors(np.zeros((2, 3)), np.zeros((2, 3))), r'\(N, K, 2\)'),
    (lambda: F.point_errors(np.zeros((2, 5, 2)), np.zeros((2, 68, 2))),
     'another number of landmarks'),
    (lambda: F.point_errors(np.zeros((2, 5, 2)), np.zeros((2, 5, 2)), np.ones(5)),
     'annotated must have the shape'),
    (lambda: F.face_errors(np.ones((2, 3)), np.ones(3)), 'one value for each'),
    (lambda: F.failure_rate(np.ones(2), 0), 'threshold must be positive'),
    (lambda: F.area_under_ced(np.ones(2), -1), 'threshold must be positive'),
    (lambda: F.box_measure(np.ones((1, 4)), 'area'), 'measure must be one of'),
])
def test_bad_input_names_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_mean_face_is_free_of_place_and_size():
    shape = np.array([[0, 0], [4, 0], [2, 2.]])
    gt = np.stack([shape, 3 * shape + 7, shape])
    gt[2, 2] = 50  # its box still spans 0 to 4
    annotated = np.array([[1, 1, 1], [1, 1, 1], [1, 1, 0]])
    face = F.mean_face(gt, annotated)
    expected = np.array([[-0.5, -0.25], [0.5, -0.25], [0, 0.25]])
    expected[:2] = (2 * expected[:2] + [[-0.5, 0], [0.5, 0]]) / 3
    np.testing.assert_allclose(face, expected)
    assert np.isnan(F.mean_face(gt, annotated * [1, 1, 0])[2]).all()
