"""Left and right from geometry, against shapes whose pairs are known."""

import numpy as np
import pytest

from mmwing.datasets.face.face_painter import face_landmarks
from mmwing.datasets.formats.points_file import read_points_file
from mmwing.datasets.symmetry import (
    align,
    flip_residuals,
    mean_shape,
    mirror_partners,
    odd_point,
)

# Two pairs and two points on the midline; x is mirrored about 5.
SHAPE = np.array([[1, 2], [9, 2], [5, 4], [3, 7], [7, 7], [5, 9.]])
PARTNERS = np.array([1, 0, 2, 4, 3, 5])


def moved(points, angle=0., scale=1., shift=(0, 0)):
    cos, sin = np.cos(angle), np.sin(angle)
    return scale * points @ np.array([[cos, sin], [-sin, cos]]) + shift


def test_align_undoes_a_similarity_but_not_a_mirror():
    other = moved(SHAPE, 0.7, 3.1, (40, -8))
    np.testing.assert_allclose(align(other, SHAPE), SHAPE, atol=1e-9)
    assert np.abs(align(SHAPE * (-1, 1), SHAPE) - SHAPE).max() > 1


def test_align_uses_the_points_known_in_both():
    other = moved(SHAPE, -0.3, 0.5, (1, 1))
    other[0] = np.nan
    target = SHAPE.copy()
    target[1] = np.nan
    np.testing.assert_allclose(align(other, target)[1:], SHAPE[1:], atol=1e-9)
    other[1:5] = np.nan
    assert np.isnan(align(other, target)).all()  # one common point is not enough


@pytest.mark.parametrize('index', range(6))
def test_odd_point_does_not_drag_the_others_along(index):
    target = mean_shape(SHAPE[None])
    points = target.copy()
    points[index] += (3, -4)
    found, distance = odd_point(moved(points, 0.2, 7, (5, 5)), target)
    assert found == index
    np.testing.assert_allclose(distance, 5, atol=1e-6)
    points[[0, 1, 2]] = np.nan
    assert np.isnan(odd_point(points, target)[1])


def test_mean_is_independent_of_size_place_and_small_tilts():
    rng = np.random.default_rng(0)
    faces = np.stack([moved(SHAPE, rng.uniform(-.2, .2), rng.uniform(1, 50),
                            rng.uniform(-99, 99, 2)) for _ in range(20)])
    faces[3, 4] = faces[7, 0] = np.nan
    mean = mean_shape(faces)
    np.testing.assert_allclose(align(mean, SHAPE), SHAPE, atol=1e-4)
    np.testing.assert_allclose(np.sqrt((mean ** 2).sum(1).mean()), 1)
    faces[:, 2] = np.nan
    assert np.isnan(mean_shape(faces)[2]).all()


@pytest.mark.parametrize('angle', [0, 0.15, -0.3])
def test_partners_of_a_tilted_symmetric_shape(angle):
    shape = moved(SHAPE, angle, 0.2)
    np.testing.assert_array_equal(mirror_partners(shape), PARTNERS)
    np.testing.assert_allclose(flip_residuals(shape, PARTNERS), 0, atol=1e-9)
    assert flip_residuals(shape, np.arange(6)).max() > 0.1


def test_partners_of_painted_faces_are_those_of_ibug():
    info = read_points_file('300w.py')['keypoint_info']
    by_name = {point['name']: index for index, point in info.items()}
    expected = [by_name.get(point['swap'], index) for index, point in info.items()]
    mean = mean_shape(np.stack([face_landmarks(0, index, 128) for index in range(60)]))
    np.testing.assert_array_equal(mirror_partners(mean), expected)


def test_unknown_points_have_no_partner():
    shape = SHAPE.copy()
    shape[0] = np.nan
    partners = mirror_partners(shape)
    assert partners[0] == 0 and (partners[partners] == np.arange(6)).all()
    np.testing.assert_array_equal(mirror_partners(SHAPE * np.nan), np.arange(6))
