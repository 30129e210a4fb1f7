"""Similarities can be undone, joined and fitted."""

import math

import numpy as np
import pytest
import torch

from mmwing.models.pose_estimators.similarity import (
    compose,
    fit_similarity,
    invert,
    scale_of,
    similarity,
    transform_points,
)


def random_similarities(count, dtype=torch.float64, seed=0):
    rng = torch.Generator().manual_seed(seed)
    scale = torch.rand(count, generator=rng, dtype=dtype) * 3 + 0.1
    angle = (torch.rand(count, generator=rng, dtype=dtype) * 2 - 1) * math.pi
    ends = torch.rand(2, count, 2, generator=rng, dtype=dtype) * 300 - 20
    return similarity(scale * angle.cos(), scale * angle.sin(), *ends)


def random_points(count, number=7, dtype=torch.float64):
    rng = torch.Generator().manual_seed(1)
    return torch.rand(count, number, 2, generator=rng, dtype=dtype) * 256


@pytest.mark.parametrize('dtype, tolerance', [(torch.float64, 1e-10),
                                              (torch.float32, 1e-2)])
def test_the_inverse_undoes(dtype, tolerance):
    matrix = random_similarities(200, dtype)
    points = random_points(200, dtype=dtype)
    there = transform_points(matrix, points)
    back = transform_points(invert(matrix), there)
    torch.testing.assert_close(back, points, rtol=0, atol=tolerance)
    again = transform_points(matrix, transform_points(invert(matrix), points))
    torch.testing.assert_close(again, points, rtol=0, atol=tolerance)


def test_joining_is_one_after_the_other():
    outer, inner = random_similarities(9), random_similarities(9, seed=5)
    points = random_points(9)
    torch.testing.assert_close(
        transform_points(compose(outer, inner), points),
        transform_points(outer, transform_points(inner, points)))
    torch.testing.assert_close(scale_of(compose(outer, inner)),
                               scale_of(outer) * scale_of(inner))


def test_it_maps_the_point_it_was_told_to():
    source, target = torch.rand(2, 4, 2, dtype=torch.float64)
    matrix = similarity(torch.rand(4, dtype=torch.float64), torch.rand(
        4, dtype=torch.float64), source, target)
    torch.testing.assert_close(
        transform_points(matrix, source[:, None])[:, 0], target)


def test_a_known_similarity_is_found():
    matrix, points = random_similarities(50), random_points(50)
    found, agreement = fit_similarity(points, transform_points(matrix, points))
    torch.testing.assert_close(found, matrix)
    torch.testing.assert_close(agreement, torch.ones_like(agreement))


def test_the_rotation_is_that_of_least_squares():
    """Against the singular value decomposition of Umeyama, without reflection."""
    source, target = random_points(20), random_points(20).flip(0)
    found, _ = fit_similarity(source, target)
    for matrix, p, q in zip(found.numpy(), source.numpy(), target.numpy(),
                            strict=True):
        u, _, vt = np.linalg.svd((q - q.mean(0)).T @ (p - p.mean(0)))
        sign = np.diag([1, np.linalg.det(u) * np.linalg.det(vt)])
        rotation = u @ sign @ vt
        np.testing.assert_allclose(
            matrix[:, :2] / np.linalg.norm(matrix[:, 0]), rotation, atol=1e-9)


def test_fitting_the_other_way_gives_the_inverse():
    source, target = random_points(20), random_points(20).flip(0)
    there, _ = fit_similarity(source, target)
    back, _ = fit_similarity(target, source)
    torch.testing.assert_close(back, invert(there))


def test_a_mirrored_shape_is_not_reflected():
    points = random_points(5)
    matrix, agreement = fit_similarity(points, points * points.new_tensor([-1, 1]))
    turn = matrix[:, :, :2]
    assert (turn[:, 0, 0] * turn[:, 1, 1] - turn[:, 0, 1] * turn[:, 1, 0] > 0).all()
    assert (agreement < 0.99).all()


def test_the_fit_is_differentiable():
    points = random_points(2, 3).requires_grad_()
    target = random_points(1, 3) + 5
    assert torch.autograd.gradcheck(lambda p: fit_similarity(p, target), [points])
