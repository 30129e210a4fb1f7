"""The painted faces and their landmarks."""

import cv2
import numpy as np
import pytest

from mmwing.datasets.face.face_model import random_face
from mmwing.datasets.face.painter import face_landmarks, paint_face
from mmwing.datasets.face.painter.canvas import Canvas
from mmwing.datasets.face.painter.photograph import photograph
from mmwing.datasets.face.painter.skin import _drawn_outline


def test_same_arguments_give_the_same_picture():
    first, points = paint_face(5, 7)
    np.random.seed(0)
    cv2.setRNGSeed(1)
    again, points_again = paint_face(5, 7)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(points, points_again)


def test_seed_and_index_both_matter():
    pictures = [paint_face(s, i)[0] for s, i in ((0, 1), (1, 0), (0, 0), (1, 1))]
    for i, one in enumerate(pictures):
        for other in pictures[i + 1:]:
            assert np.abs(one.astype(int) - other).mean() > 5


@pytest.mark.parametrize('size', [32, 61, 128, 256])
def test_picture_and_landmarks(size):
    for index in range(8):
        picture, points = paint_face(2, index, size)
        assert picture.shape == (size, size, 3) and picture.dtype == np.uint8
        assert points.shape == (68, 2)
        assert points.min() >= 0 and points.max() <= size - 1
        np.testing.assert_array_equal(points, face_landmarks(2, index, size))


def test_landmarks_scale_with_the_canvas():
    small, large = face_landmarks(0, 4, 100), face_landmarks(0, 4, 300)
    np.testing.assert_allclose((small + .5) * 3, large + .5, atol=1e-9)


def test_polygons_are_painted_where_they_are_said_to_be():
    """Area and centre of mass against the exact polygon, at sub-pixel offsets."""
    face = random_face(np.random.default_rng([3, 1]), 128)
    for shift in (0, .17, .5, .83):
        polygon = face.outline + shift
        canvas = Canvas(np.zeros((256, 256, 3), np.uint8), face.camera)
        canvas.fill(polygon, (255, 255, 255))
        mass = cv2.resize(canvas.image, (128, 128),
                          interpolation=cv2.INTER_AREA)[..., 0] / 255.0
        exact = cv2.moments(polygon.astype(np.float32))
        centre = np.array([exact['m10'], exact['m01']]) / exact['m00']
        y, x = np.mgrid[:128, :128]
        found = np.array([(mass * x).sum(), (mass * y).sum()]) / mass.sum()
        perimeter = cv2.arcLength(polygon.astype(np.float32), True)
        np.testing.assert_allclose(found, centre, atol=.05)
        assert abs(mass.sum() - exact['m00']) / perimeter < .1  # mean edge error, px


def profile_across(points, signal_of):
    """Mean signal along the normals of the annotated line, and the offsets upwards."""
    points = np.array(points)
    offsets = np.arange(-4, 4.01, .5)
    profile = np.zeros(len(offsets))
    for index in range(60):
        picture, marks = paint_face(11, index)
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float32)
        signal = signal_of(cv2.GaussianBlur(grey, (0, 0), .8))
        along = marks[points + 1] - marks[points - 1]
        normal = along[:, ::-1] * (1, -1) / np.linalg.norm(along, axis=1)[:, None]
        for k, offset in enumerate(offsets):
            where = (marks[points] + offset * normal).astype(np.float32)
            profile[k] += cv2.remap(signal, where[None], None, cv2.INTER_LINEAR).mean()
    return offsets, profile


def test_the_jaw_is_an_edge_of_the_picture():
    offsets, profile = profile_across(range(1, 16), lambda grey: np.hypot(
        cv2.Sobel(grey, -1, 1, 0), cv2.Sobel(grey, -1, 0, 1)))
    assert abs(offsets[profile.argmax()]) <= .5
    # A fraction of a pixel within the labels.
    assert profile[offsets == .5] > profile[offsets == -.5]


def test_the_jaw_is_drawn_a_little_within_its_labels():
    for index in range(20):
        face = random_face(np.random.default_rng([3, index]), 128)
        labels = face.outline.astype(np.float32)
        within = [cv2.pointPolygonTest(labels, point.tolist(), True)
                  for point in _drawn_outline(face)[:17].astype(np.float32)]
        assert min(within) > -.5 * face.camera.scale
        assert .2 < np.mean(within) / face.camera.scale < 2


def test_pictures_are_exposed_for_the_face():
    """Faces in photos are neither lost in the dark nor bleached."""
    middles = np.array([cv2.cvtColor(paint_face(11, index)[0], cv2.COLOR_BGR2GRAY)[
        32:-32, 32:-32].mean() for index in range(60)])
    assert 95 < middles.mean() < 130 and 10 < middles.std() < 35
    assert middles.min() > 40 and middles.max() < 200


@pytest.mark.parametrize('size', [64, 128, 160, 256])
def test_motion_blur_leaves_the_picture_where_it_is(size, monkeypatch):
    """Labels do not move with it."""
    kernels = []
    monkeypatch.setattr(cv2, 'filter2D', lambda image, depth, kernel: (
        kernels.append(kernel), image)[1])
    for seed in range(60):
        photograph(np.full((size, size, 3), 128, np.uint8),
                   np.random.default_rng(seed))
    assert kernels
    for kernel in kernels:
        place = np.argwhere(kernel)
        np.testing.assert_array_equal(place.mean(0), np.array(kernel.shape) // 2)
        assert kernel.sum() == pytest.approx(1)


def test_brows_lie_below_their_landmarks_which_mark_the_upper_edge():
    offsets, profile = profile_across((18, 19, 20, 23, 24, 25), lambda grey: 255 - grey)
    assert -3 < offsets[profile.argmax()] < 0
    assert abs(offsets[np.gradient(profile).argmin()]) <= 1
