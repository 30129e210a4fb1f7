
import numpy as np
import pytest
from mmengine.registry import DefaultScope

from mmwing.datasets.face import SyntheticFaceDataset
from mmwing.evaluation.baselines import (
    FIVE_POINTS,
    annotated_faces,
    fit_affine,
    fit_to_boxes,
    mean_shape_in_box,
    shape_baselines,
)
from mmwing.evaluation.functional import face_errors, point_errors
from mmwing.evaluation.metrics import FaceAlignmentMetric
from mmwing.evaluation.protocol import Protocol
from mmwing.evaluation.run import RunRecord


def affine_copies(shape, count, seed=0):
    rng = np.random.default_rng(seed)
    linear = np.eye(2) + rng.normal(0, 0.3, (count, 2, 2))
    return shape @ linear + rng.uniform(-50, 50, (count, 1, 2))


def test_affine_fit_is_exact_where_faces_are_affine_copies():
    shape = np.random.default_rng(1).uniform(0, 1, (68, 2))
    faces = affine_copies(shape, 7)
    np.testing.assert_allclose(fit_affine(shape, faces), faces, atol=1e-9)


def test_affine_fit_is_the_least_squares_one_for_each_face():
    shape, *faces = np.random.default_rng(2).uniform(0, 1, (4, 68, 2))
    source = np.array([shape[list(g)].mean(0) for g in FIVE_POINTS[68]])
    for face, fitted in zip(faces, fit_affine(shape, np.stack(faces)), strict=True):
        target = np.array([face[list(g)].mean(0) for g in FIVE_POINTS[68]])
        design = np.c_[source, np.ones(5)]
        solution = np.linalg.lstsq(design, target, rcond=None)[0]
        np.testing.assert_allclose(fitted, np.c_[shape, np.ones(68)] @ solution,
                                   atol=1e-9)


def test_mean_in_the_box_is_that_of_the_annotated(make_faces):
    faces = make_faces()
    mean = mean_shape_in_box(faces)
    k = 5
    members = np.flatnonzero(faces.visible[:, k])
    low, high = faces.boxes[members, :2], faces.boxes[members, 2:]
    expected = ((faces.gt[members, k] - low) / (high - low)).mean(0)
    np.testing.assert_allclose(mean[k], expected)


def test_fit_to_boxes_hits_the_corners():
    fitted = fit_to_boxes(np.array([[0, 0], [1, 1], [0.5, 0.25]]),
                          np.array([[10, 20, 30, 60]]))
    np.testing.assert_allclose(fitted, [[[10, 20], [30, 60], [20, 30]]])


def test_five_points_of_the_painted_face_are_where_they_should_be():
    face = SyntheticFaceDataset(num_samples=40, seed=3)
    mean = mean_shape_in_box(annotated_faces(face))
    eye, other_eye, nose, corner, other_corner = (
        mean[list(group)].mean(0) for group in FIVE_POINTS[68])
    assert eye[0] < nose[0] < other_eye[0]
    assert corner[0] < nose[0] < other_corner[0]
    assert max(eye[1], other_eye[1]) < nose[1] < min(corner[1], other_corner[1])
    # The contour stripped: the same points, 17 earlier.
    shifted = tuple(tuple(i - 17 for i in group) for group in FIVE_POINTS[68])
    assert FIVE_POINTS[51] == shifted


def test_faces_are_named_as_a_metric_names_them():
    """By that the results of a training are matched to the faces of its data set."""
    pipeline = [dict(type='GetBBoxCenterScale'),
                dict(type='mmwing.FaceAffine', input_size=(64, 64)),
                dict(type='PackPoseInputs')]
    with DefaultScope.overwrite_default_scope('mmpose'):
        dataset = SyntheticFaceDataset(num_samples=3, pipeline=pipeline)
    samples = [dataset[index]['data_samples'].to_dict() for index in range(3)]
    for sample in samples:
        sample['pred_instances'] = sample['gt_instances']
    metric = FaceAlignmentMetric()
    metric.process(None, samples)
    metric.evaluate(3)
    named = annotated_faces(dataset)
    assert metric.faces.names == sorted(named.names)
    assert metric.faces.digest == named.digest
    assert named.names[0] == 'seed0/000000.png#0'


def test_baselines_of_painted_faces():
    train, test = (annotated_faces(SyntheticFaceDataset(num_samples=n, seed=s))
                   for n, s in ((60, 0), (30, 1)))
    figures = [RunRecord.of_faces(faces, Protocol()).nme
               for faces in shape_baselines(train, test).values()]
    box, affine = figures
    assert 0.02 < affine < box < 0.4
    direct = face_errors(
        point_errors(fit_to_boxes(mean_shape_in_box(train), test.boxes), test.gt),
        np.hypot(*(test.gt[:, 36] - test.gt[:, 45]).T)).mean()
    assert box == pytest.approx(direct)


def test_a_face_without_the_five_points_is_unusable_for_the_affine_fit():
    test = annotated_faces(SyntheticFaceDataset(num_samples=4, seed=1))
    test.visible[2, 30] = False
    unusable = [np.isnan(RunRecord.of_faces(faces, Protocol()).errors_by()).sum()
                for faces in shape_baselines(test, test).values()]
    assert unusable == [0, 1]


def test_landmarks_must_agree(make_faces):
    with pytest.raises(ValueError, match='98 landmarks, the test set 68'):
        shape_baselines(make_faces(num_keypoints=98), make_faces())


def test_five_points_must_be_known(make_faces):
    faces = make_faces(num_keypoints=20)
    with pytest.raises(ValueError, match='not for 20'):
        shape_baselines(faces, faces)
