"""Similarities, mean shapes and mirror images, against shapes that are known."""

import math

import numpy as np
import pytest
import torch

from mmwing.datasets.face.painter import face_landmarks
from mmwing.datasets.formats.points_file import read_points_file
from mmwing.geometry import (
    align,
    compose,
    fit_similarity,
    flip_residuals,
    invert,
    mean_of_known,
    mean_shape,
    mirror_partners,
    odd_point,
    scale_of,
    similarity,
    transform_points,
)

BOTH = pytest.mark.parametrize('kind', [np.asarray, torch.from_numpy],
                               ids=['numpy', 'torch'])


def random_similarities(count, kind, seed=0):
    rng = np.random.default_rng(seed)
    scale, angle = rng.uniform(0.1, 3.1, count), rng.uniform(-math.pi, math.pi, count)
    source, target = rng.uniform(-20, 280, (2, count, 2))
    return similarity(*map(kind, (scale * np.cos(angle), scale * np.sin(angle), source,
                                  target)))


def random_points(count, kind, number=7, seed=1):
    return kind(np.random.default_rng(seed).uniform(0, 256, (count, number, 2)))


def assert_close(found, expected, atol=1e-9):
    assert type(found) is type(expected)
    np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=1e-9,
                               atol=atol)


@BOTH
def test_the_inverse_undoes(kind):
    matrix, points = random_similarities(200, kind), random_points(200, kind)
    there = transform_points(matrix, points)
    assert_close(transform_points(invert(matrix), there), points)
    assert_close(transform_points(matrix, transform_points(invert(matrix), points)),
                 points)


@BOTH
def test_joining_is_one_after_the_other(kind):
    outer, inner = random_similarities(9, kind), random_similarities(9, kind, seed=5)
    points = random_points(9, kind)
    assert_close(transform_points(compose(outer, inner), points),
                 transform_points(outer, transform_points(inner, points)))
    assert_close(scale_of(compose(outer, inner)), scale_of(outer) * scale_of(inner))


@pytest.mark.parametrize('function, arguments', [
    (transform_points, lambda m, p: (m, p)), (compose, lambda m, p: (m, m.flip(0))),
    (invert, lambda m, p: (m, )), (fit_similarity, lambda m, p: (p, p.flip(0)))])
def test_half_precision_does_not_reach_coordinates(function, arguments):
    """A training with autocast makes its labels inside of it."""
    arguments = [each.float() for each in arguments(
        random_similarities(9, torch.from_numpy), random_points(9, torch.from_numpy))]
    with torch.autocast('cpu', torch.bfloat16):
        found = function(*arguments)
    torch.testing.assert_close(found, function(*arguments), rtol=0, atol=0)


@pytest.mark.parametrize('function, other', [
    (transform_points, lambda m: random_points(3, torch.from_numpy)),
    (compose, lambda m: m.detach().flip(0))])
def test_applying_and_joining_are_differentiable(function, other):
    matrix = random_similarities(3, torch.from_numpy).requires_grad_()
    assert torch.autograd.gradcheck(function,
                                    [matrix, other(matrix).requires_grad_()])


@BOTH
def test_it_maps_the_point_it_was_told_to(kind):
    a, b = random_points(1, kind, 4)[0].T
    source, target = random_points(2, kind, 4)
    matrix = similarity(a, b, source, target)
    assert_close(transform_points(matrix, source[:, None])[:, 0], target)
    assert_close(matrix[:, 1, 0], b)  # positive turns x towards y


@BOTH
@pytest.mark.parametrize('scale', ['least_squares', 'size'])
def test_a_known_similarity_is_found(kind, scale):
    matrix, points = random_similarities(50, kind), random_points(50, kind)
    found, agreement = fit_similarity(points, transform_points(matrix, points),
                                      scale=scale)
    assert_close(found, matrix)
    assert_close(agreement, agreement * 0 + 1)


def test_the_fit_is_that_of_least_squares():
    """Against the singular value decomposition of Umeyama, without reflection."""
    rng = np.random.default_rng(0)
    source, target = rng.normal(size=(2, 20, 7, 2))
    weights = rng.uniform(0, 1, (20, 7))
    found, _ = fit_similarity(source, target, weights)
    by_size, _ = fit_similarity(source, target)
    for matrix, p, q, w in zip(found, source, target, weights, strict=True):
        w = w[:, None] / w.sum()
        p_center, q_center = (w * p).sum(0), (w * q).sum(0)
        p, q = p - p_center, q - q_center
        u, singular, vt = np.linalg.svd((w * q).T @ p)
        sign = np.diag([1, np.linalg.det(u) * np.linalg.det(vt)])
        rotation = u @ sign @ vt
        scale = (singular * np.diag(sign)).sum() / (w * p**2).sum()
        np.testing.assert_allclose(matrix[:, :2], scale * rotation, atol=1e-12)
        np.testing.assert_allclose(matrix @ [*p_center, 1], q_center)
    # All weights alike are none.
    np.testing.assert_allclose(
        by_size, fit_similarity(source, target, np.full((20, 7), 3.))[0], atol=1e-12)


@BOTH
def test_by_size_the_other_way_is_the_inverse(kind):
    source, target = random_points(20, kind), random_points(20, kind, seed=2)
    there, agreement = fit_similarity(source, target, scale='size')
    back, _ = fit_similarity(target, source, scale='size')
    assert_close(back, invert(there))
    # Least squares shrinks by what does not agree.
    shrunk, _ = fit_similarity(source, target)
    assert_close(scale_of(shrunk), scale_of(there) * agreement)


@BOTH
def test_a_mirrored_shape_is_not_reflected(kind):
    points = random_points(5, kind)
    matrix, agreement = fit_similarity(points, points * kind(np.array([-1., 1])))
    determinant = (matrix[:, 0, 0] * matrix[:, 1, 1] - matrix[:, 0, 1]
                   * matrix[:, 1, 0])
    assert (determinant > 0).all()
    assert (agreement < 0.99).all()


@pytest.mark.parametrize('scale', ['least_squares', 'size'])
def test_the_fit_is_differentiable(scale):
    points = random_points(2, torch.from_numpy, 3).requires_grad_()
    target = random_points(1, torch.from_numpy, 3, seed=2) + 5
    assert torch.autograd.gradcheck(
        lambda p: fit_similarity(p, target, scale=scale), [points])


def test_an_unknown_scale_is_refused():
    with pytest.raises(ValueError, match="scale must be one of .*, got 'best'"):
        fit_similarity(np.eye(2), np.eye(2), scale='best')


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


def test_odd_points_of_many_shapes_are_those_of_each_by_itself():
    rng = np.random.default_rng(0)
    shapes = SHAPE + rng.normal(0, 1, (9, 6, 2))
    shapes[rng.random((9, 6)) < 0.1] = np.nan
    shapes[3, 3:] = np.nan
    target = mean_shape(SHAPE[None])
    points, distances = odd_point(shapes, target)
    for shape, point, distance in zip(shapes, points, distances, strict=True):
        np.testing.assert_equal(odd_point(shape, target), (point, distance))
    assert np.isnan(distances[3]) and np.isfinite(distances).sum() >= 6


def test_many_shapes_are_aligned_as_each_by_itself():
    rng = np.random.default_rng(0)
    shapes = rng.normal(size=(9, 6, 2))
    shapes[rng.random((9, 6)) < 0.2] = np.nan
    shapes[3, 1:] = np.nan
    weights = rng.uniform(0, 1, (9, 6))
    np.testing.assert_array_equal(
        align(shapes, SHAPE, weights),
        [align(shape, SHAPE, w) for shape, w in zip(shapes, weights, strict=True)])
    assert np.isnan(align(shapes, SHAPE)[3]).all()
    assert np.isnan(align(np.ones((6, 2)), SHAPE)).all()  # all in one place


def test_mean_of_known_points():
    shapes = np.array([[[1, 2], [np.nan, 4]], [[3, 4], [np.nan, np.inf]]])
    np.testing.assert_array_equal(mean_of_known(shapes), [[2, 3], [np.nan, 4]])


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
