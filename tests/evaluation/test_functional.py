import doctest
import math
import warnings

import numpy as np
import pytest
import torch
from mmpose.evaluation.functional import keypoint_nme

from mmwing.evaluation import functional as F
from mmwing.evaluation import normalizers
from mmwing.evaluation.metrics import FaceAlignmentMetric


def reference_face_error(pred, gt, visible, length):
    """The literature's formula, one landmark at a time."""
    distances = [math.dist(p, g) for p, g, a in zip(pred, gt, visible, strict=True)
                 if a]
    return sum(distances) / len(distances) / length


def test_face_errors_equal_a_plain_loop(make_faces):
    faces = make_faces()
    lengths = np.linspace(20, 80, len(faces))
    errors = F.face_errors(
        F.point_errors(faces.pred, faces.gt, faces.visible), lengths)
    expected = [reference_face_error(*face) for face in zip(
        faces.pred, faces.gt, faces.visible, lengths, strict=True)]
    np.testing.assert_allclose(errors, expected, rtol=1e-12)


def test_a_hand_worked_face():
    gt = np.array([[[0, 0], [10, 0], [5, 5.]]])
    pred = np.array([[[3, 4], [10, 1], [5, 5.]]])
    errors = F.point_errors(pred, gt)
    np.testing.assert_array_equal(errors, [[5, 1, 0]])
    length = normalizers.landmark_distance(gt, [0], [1])
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
    assert F.failure_rate(error, thr=0.1) == 1
    assert F.auc(error, thr=0.1) == 0


def test_area_is_the_integral_of_the_step_function():
    rng = np.random.default_rng(1)
    errors = np.concatenate([rng.gamma(2, 0.02, 333), [0, 0.1, np.inf]])
    threshold = 0.1
    # Rectangles between the steps, an independent way to the same area.
    steps = np.sort(errors[errors <= threshold])
    edges = np.concatenate([steps, [threshold]])
    share = np.arange(1, len(steps) + 1) / len(errors)
    expected = np.sum(np.diff(edges) * share) / threshold
    assert F.auc(errors, thr=threshold) == pytest.approx(expected, abs=1e-14)


def test_area_agrees_with_the_sampled_figure_of_the_literature():
    """Papers sample the CED at steps of 1e-4 and use the trapezoid or Simpson rule."""
    errors = np.random.default_rng(2).gamma(2, 0.02, 500)
    grid = np.arange(0, 0.1 + 1e-9, 1e-4)
    share = (errors[None] <= grid[:, None]).mean(1)
    sampled = np.sum((share[1:] + share[:-1]) / 2 * 1e-4) / 0.1
    assert F.auc(errors, thr=0.1) == pytest.approx(sampled, abs=1e-3)


def test_area_is_one_for_perfect_and_failure_is_above_not_at():
    assert F.auc(np.zeros(4), thr=0.08) == 1
    assert F.failure_rate(np.array([0.1, 0.2, 0.05])) == pytest.approx(1 / 3)


def test_ced_counts_infinite_errors_in_the_denominator():
    with pytest.warns(UserWarning, match='1 of 5 faces'):
        steps, share = F.ced(np.array([0.2, np.inf, 0.1, np.nan, 0.1]))
    np.testing.assert_array_equal(steps, [0.1, 0.1, 0.2])
    np.testing.assert_allclose(share, [0.25, 0.5, 0.75])


@pytest.mark.parametrize(('call', 'message'), [
    (lambda: F.point_errors(np.zeros((2, 3)), np.zeros((2, 3))), r'\(N, K, 2\)'),
    (lambda: F.point_errors(np.zeros((2, 5, 2)), np.zeros((2, 68, 2))),
     'another number of landmarks'),
    (lambda: F.point_errors(np.zeros((2, 5, 2)), np.zeros((2, 5, 2)), np.ones(5)),
     'visible must have the shape'),
    (lambda: F.face_errors(np.ones((2, 3)), np.ones(3)), 'one value for each'),
    (lambda: F.failure_rate(np.ones(2), thr=0), 'thr must be positive'),
    (lambda: F.auc(np.ones(2), thr=-1), 'thr must be positive'),
])
def test_bad_input_names_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def independent_errors(pred, target, left, right, visible):
    """Errors of faces by plain loops over landmarks, NaN without both eyes."""
    errors = []
    for face, truth, seen in zip(pred, target, visible, strict=True):
        distances = [math.dist(p, t) for p, t, v in zip(face, truth, seen, strict=True)
                     if v]
        eyes = math.dist(truth[left], truth[right])
        errors.append(sum(distances) / len(distances) / eyes
                      if seen[left] and seen[right] else math.nan)
    return np.array(errors)


@pytest.fixture
def arrays(make_faces):
    faces = make_faces(25)
    return faces.pred, faces.gt, faces.visible, faces.boxes


@pytest.mark.filterwarnings('ignore:.*are left out')
@pytest.mark.parametrize('kind', ['numpy', 'lists', 'float32', 'torch', 'bfloat16'])
def test_figures_of_arrays_agree_with_plain_loops(kind, arrays):
    pred, target, visible, _ = arrays
    convert = {
        'numpy': np.asarray, 'lists': np.ndarray.tolist,
        'float32': lambda a: a.astype(np.float32), 'torch': torch.tensor,
        'bfloat16': lambda a: torch.tensor(a, dtype=torch.bfloat16)}[kind]
    pred, rtol = convert(pred), 1e-12
    given = pred.double().numpy() if 'torch' in str(type(pred)) else np.array(pred)
    errors = independent_errors(given, target, 36, 45, visible)
    usable = errors[~np.isnan(errors)]
    assert 0 < len(usable) < 25
    thr = float(np.median(usable))
    figures = [F.nme(pred, target, visible=visible),
               F.failure_rate(pred, target, thr=thr * 1.01, visible=visible),
               F.auc(pred, target, thr=thr, visible=visible)]
    expected = [usable.mean(), (usable > thr * 1.01).mean(),
                np.mean([max(0, 1 - error / thr) for error in usable])]
    np.testing.assert_allclose(figures, expected, rtol=rtol)
    of_faces = F.nme(pred, target, visible=visible, reduction='none')
    np.testing.assert_allclose(of_faces, errors, rtol=rtol)
    steps, share = F.ced(pred, target, visible=visible)
    np.testing.assert_allclose(steps, np.sort(usable), rtol=rtol)
    np.testing.assert_allclose(share, np.arange(1, len(usable) + 1) / len(usable))
    expected_type = torch.Tensor if kind in ('torch', 'bfloat16') else np.ndarray
    assert all(isinstance(array, expected_type) for array in (of_faces, steps, share))
    assert isinstance(figures[0], torch.Tensor if expected_type is torch.Tensor
                      else float)


@pytest.mark.filterwarnings('ignore:.*are left out')
def test_the_metric_gives_the_same_numbers(arrays):
    pred, target, visible, boxes = (a.astype(np.float32) for a in arrays)
    names = ('inter_ocular', 'inter_pupil', 'box_width', 'landmark_box_diagonal')
    metric = FaceAlignmentMetric(normalizer=names, thr=0.05)
    metric.process(None, [
        {'pred_instances': {'keypoints': pred[i:i + 1]}, 'img_path': f'{i:02}.jpg',
         'gt_instances': {'keypoints': target[i:i + 1], 'bboxes': boxes[i:i + 1],
                          'keypoints_visible': visible[i:i + 1]}} for i in range(25)])
    figures = metric.evaluate(25)
    for name in names:
        given = dict(normalizer=name, visible=visible, boxes=boxes)
        assert F.nme(pred, target, **given) == figures[f'{name}/NME']
        assert F.auc(pred, target, thr=0.05, **given) == figures[f'{name}/AUC@0.05']
        assert F.failure_rate(pred, target, thr=0.05, **given) == figures[
            f'{name}/FR@0.05']


def test_nme_of_fully_visible_faces_is_mmposes(arrays):
    pred, target, _, boxes = arrays
    size = (boxes[:, 2:] - boxes[:, :2]).max(1)
    expected = keypoint_nme(pred, target, np.ones(pred.shape[:2], bool),
                            np.tile(size[:, None], 2))
    for normalizer in ('box_longer_side', size, torch.tensor(size)):
        assert F.nme(pred, target, normalizer, boxes=boxes) == pytest.approx(expected)


def test_a_pair_of_landmarks_or_of_groups(arrays):
    pred, target, _, _ = arrays
    assert F.nme(pred, target, (36, 45)) == F.nme(pred, target)
    assert F.nme(pred, target, [range(36, 42), range(42, 48)]) == F.nme(
        pred, target, 'inter_pupil')
    # Two faces: a tuple is still a pair, an array still two lengths.
    pair = F.nme(pred[:2], target[:2], (36, 45), reduction='none')
    lengths = F.nme(pred[:2], target[:2], np.array([36., 45.]), reduction='none')
    assert not np.allclose(pair, lengths)


def test_errors_once_computed_give_the_other_figures(arrays):
    pred, target, _, _ = arrays
    errors = F.nme(pred, target, reduction='none')
    assert F.nme(pred, target) == errors.mean()
    assert F.auc(errors, thr=0.05) == F.auc(pred, target, thr=0.05)
    assert F.failure_rate(errors, thr=0.05) == F.failure_rate(pred, target, thr=0.05)
    np.testing.assert_array_equal(F.ced(errors), F.ced(pred, target))


def test_a_tensor_keeps_its_precision_and_needs_no_gradient(arrays):
    pred, target, _, _ = arrays
    error = F.nme(torch.tensor(pred, requires_grad=True), torch.tensor(target))
    assert error.dtype == torch.float64 and not error.requires_grad
    assert error.item() == F.nme(pred, target)


def test_faces_that_are_left_out_are_warned_of(arrays):
    pred, target, _, _ = arrays
    lengths = np.full(25, 50.)
    lengths[:3] = 0, np.nan, -1
    with pytest.warns(UserWarning, match='3 of 25 faces have no usable') as record:
        error = F.nme(pred, target, lengths)
    assert record[0].filename == __file__  # the caller's line, not one of ours
    assert error == F.nme(pred[3:], target[3:], lengths[3:])
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert np.isnan(F.nme(pred, target, lengths, reduction='none')[:3]).all()


def test_a_prediction_that_is_not_finite_counts_as_a_failure(arrays):
    pred, target, _, _ = arrays
    pred = pred.copy()
    pred[0, 5, 1] = np.nan
    assert F.nme(pred, target) == np.inf
    assert F.failure_rate(pred, target, thr=1e3) == 1 / 25
    assert F.ced(pred, target)[1][-1] == 24 / 25


@pytest.mark.filterwarnings('error::RuntimeWarning')
@pytest.mark.parametrize(('pred', 'target'), [
    (np.inf, np.inf), (0., -1e308), (-1e308, 1e308), (0, np.iinfo(np.int64).min)])
def test_extreme_coordinates_make_no_noise_of_numpy(pred, target):
    pred, target = np.full((3, 2, 2), pred), np.full((3, 2, 2), target)
    pred[1:], target[1:] = [[0, 0], [1, 0]], [[0, 0], [0, 1]]
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', UserWarning)
        errors = F.nme(pred, target, np.ones(3), reduction='none')
        assert F.auc(errors[1:] * 1e10, thr=1e-300) == 0
    assert not errors[0] < 1e18
    np.testing.assert_allclose(errors[1:], np.sqrt(2) / 2)


def test_what_is_masked_is_not_annotated(arrays):
    pred, target, _, boxes = arrays
    target, boxes = target.round().astype(np.int64), boxes.astype(np.float32)
    mask = np.zeros(target.shape, bool)
    mask[:, 3, 0] = True  # one coordinate is enough
    masked = np.ma.masked_array(target, mask)
    expected = F.nme(pred, target, visible=~mask.any(-1))
    assert expected != F.nme(pred, target)
    assert F.nme(pred, masked) == expected
    assert F.nme(pred, target, visible=np.ma.masked_array(
        np.ones(mask.shape[:2], int), mask.any(-1))) == expected
    boxes = np.ma.masked_array(boxes, np.arange(25)[:, None] + np.zeros(4) == 7)
    errors = F.nme(pred, target, 'box_width', boxes=boxes, reduction='none')
    assert np.flatnonzero(np.isnan(errors)).tolist() == [7]


ONE = np.random.default_rng(0).uniform(0, 9, (4, 68, 2))


@pytest.mark.parametrize(('call', 'error', 'message'), [
    (lambda: F.nme(ONE[0], ONE[0]), ValueError, r'pred must .* one face is pred\[None'),
    (lambda: F.nme(ONE, ONE[:, :5]), ValueError, 'pred and target must have the same'),
    (lambda: F.nme(ONE, ONE, 'inter_oculr'), ValueError, "normalizer 'inter_oculr'"),
    (lambda: F.nme(ONE[:, :7], ONE[:, :7]), ValueError, r'normalizer=\(LEFT, RIGHT\)'),
    (lambda: F.nme(ONE, ONE, 'box_width'), ValueError, r'needs boxes \(N, 4\)'),
    (lambda: F.nme(ONE, ONE, 'box_width', boxes=ONE[:, 0]), ValueError,
     r'boxes must have the shape \(4, 4\)'),
    (lambda: F.nme(ONE, ONE, 'box_width', boxes=np.ones((3, 4))), ValueError,
     r'boxes must have the shape \(4, 4\)'),
    (lambda: F.nme(ONE, ONE, 'item:box_size'), ValueError, 'give the lengths'),
    (lambda: F.nme(ONE, ONE, (36, 68)), ValueError, 'normalizer names landmark 68'),
    (lambda: F.nme(ONE[:2], ONE[:2], [60., 58.]), TypeError, 'normalizer must be two'),
    (lambda: F.nme(ONE, ONE, None), ValueError, 'normalizer must be two landmarks'),
    (lambda: F.nme(ONE, ONE, np.array([36, 45])), ValueError, 'one length for each'),
    (lambda: F.nme(ONE, ONE, visible=np.ones(68)), ValueError, 'visible must have'),
    (lambda: F.nme(ONE, ONE, reduction='sum'), ValueError, 'reduction must be one of'),
    (lambda: F.nme(ONE, ONE, np.zeros(4)), ValueError, 'none of the 4 faces is usable'),
    (lambda: F.nme(ONE[:0], ONE[:0]), ValueError, 'pred is empty'),
    (lambda: F.nme('faces.npy', ONE), TypeError, 'pred must be an array of numbers'),
    (lambda: F.nme([[1, 2], [3]], ONE), TypeError, 'pred must be an array of numbers'),
    (lambda: F.failure_rate(ONE, 0.08), ValueError, 'thr=0.08'),
    (lambda: F.failure_rate(ONE), ValueError, 'give target, too'),
    (lambda: F.auc(ONE, ONE, thr=np.nan), ValueError, 'positive and finite'),
    (lambda: F.auc(ONE, ONE, thr='0.1'), ValueError, "a number such as 0.1.*'0.1'"),
    (lambda: F.ced(np.array([0.1, -0.1])), ValueError, 'errors cannot be negative'),
    (lambda: F.failure_rate(ONE[:, 0, 0], visible=ONE[..., 0]), ValueError,
     'visible goes with landmarks'),
    (lambda: F.auc(ONE[:, 0, 0], boxes=ONE[:, :2]), ValueError,
     'boxes goes with landmarks'),
    (lambda: F.ced(ONE[:, 0, 0], normalizer=(36, 45)), ValueError,
     'normalizer goes with landmarks'),
    (lambda: F.ced(ONE[:, 0, 0], normalizer='inter_pupil'), ValueError,
     r'nme\(pred, target, normalizer=\.\.\.'),
    (lambda: F.nme(ONE[:, :0], ONE[:, :0], np.ones(4)), ValueError,
     r'at least one landmark.*\(4, 0, 2\)'),
])
def test_bad_arrays_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_the_example_in_the_documentation():
    result = doctest.testmod(F)
    assert result.attempted > 0 and not result.failed


def test_landmarks_keep_their_order():
    errors = np.array([[1., 2., np.nan], [3., 4., np.nan], [9., 9., 9.]])
    np.testing.assert_allclose(F.landmark_nme(errors, np.array([10., 10., 0.])),
                               [0.2, 0.3, np.nan])
