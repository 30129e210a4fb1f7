"""Alignment is Procrustes', and the yaw mode follows the yaw."""

import numpy as np
import pytest
from scipy.linalg import orthogonal_procrustes

from mmwing.datasets.wrappers import pose_modes, yaw_mode


@pytest.fixture
def yaw():
    return np.random.default_rng(3).uniform(-60, 60, 400)


def everything(shapes):
    return np.ones(shapes.shape[:2], bool)


def correlation(first, second):
    return abs(np.corrcoef(first, second)[0, 1])


def test_coefficients_do_not_depend_on_place_size_and_tilt(turned_heads, yaw):
    raw, moved = (turned_heads(yaw, noise=0., similarity=similarity)
                  for similarity in (False, True))
    first, second = (pose_modes(shapes, everything(shapes)) for shapes in (raw, moved))
    np.testing.assert_allclose(np.abs(first.coefficients[:, :3]),
                               np.abs(second.coefficients[:, :3]), atol=1e-5)


def test_agrees_with_scipy_and_svd(turned_heads, yaw):
    shapes = turned_heads(yaw[:60])
    mean = shapes[0] - shapes[0].mean(0)
    for _ in range(30):
        mean /= np.linalg.norm(mean)
        aligned = []
        for shape in shapes:
            centred = shape - shape.mean(0)
            # SciPy may reflect; these faces never need it, so the result is the same.
            rotation, scale = orthogonal_procrustes(centred, mean)
            aligned.append(centred @ rotation * scale / (centred**2).sum())
        mean = np.mean(aligned, axis=0)
    flat = np.reshape(aligned, (60, -1))
    left, scales, _ = np.linalg.svd(flat - flat.mean(0), full_matrices=False)

    found = pose_modes(shapes, everything(shapes))
    np.testing.assert_allclose(np.abs(found.coefficients[:, :4]),
                               np.abs(left * scales)[:, :4], atol=1e-4)
    np.testing.assert_allclose(found.variances[:4], scales[:4]**2 / 60, rtol=1e-3)


def test_no_reflection(turned_heads):
    # With a reflection, turned left and turned right would be one shape.
    left, right = turned_heads([50] * 20, noise=0.), turned_heads([-50] * 20, noise=0.)
    shapes = np.concatenate([left, right])
    coefficients = pose_modes(shapes, everything(shapes)).coefficients[:, 0]
    assert np.ptp(coefficients) > 0.3
    assert (np.sign(coefficients[:20]) == -np.sign(coefficients[20:])).all()


def test_yaw_mode_follows_the_yaw(turned_heads, yaw, flip_indices):
    shapes = turned_heads(yaw)
    found = pose_modes(shapes, everything(shapes))
    mode = yaw_mode(found, flip_indices)
    assert mode == 0
    assert correlation(found.coefficients[:, mode], np.sin(np.deg2rad(yaw))) > 0.99


def test_yaw_mode_is_not_simply_the_first(turned_heads, flip_indices):
    # Little yaw, so that another mode, here the head's length, varies more.
    rng = np.random.default_rng(0)
    yaw = rng.uniform(-8, 8, 400)
    shapes = turned_heads(yaw, similarity=False)
    shapes[..., 1] *= rng.uniform(0.6, 1.4, (400, 1))
    found = pose_modes(shapes, everything(shapes))
    mode = yaw_mode(found, flip_indices)
    assert mode > 0
    assert correlation(found.coefficients[:, mode], yaw) > 0.9


def test_yaw_mode_of_tilted_photographs(turned_heads, yaw, flip_indices):
    # All images lie on their side: the mirror's axis is the face's, not the image's.
    shapes = turned_heads(yaw)[..., ::-1] * (1, -1)
    found = pose_modes(shapes, everything(shapes))
    assert yaw_mode(found, flip_indices) == 0


def test_points_missing_at_random(turned_heads, yaw):
    shapes = turned_heads(yaw)
    full = pose_modes(shapes, everything(shapes)).coefficients[:, 0]
    visible = np.random.default_rng(1).random(shapes.shape[:2]) > 0.3
    shapes[~visible] = np.nan
    found = pose_modes(shapes, visible).coefficients[:, 0]
    assert correlation(found, full) > 0.99


def test_hidden_side_does_not_make_a_profile_frontal(turned_heads, yaw):
    shapes = turned_heads(yaw)
    full = pose_modes(shapes, everything(shapes)).coefficients[:, 0]
    visible = everything(shapes)
    # Brow end, eye corner and cheek points of the side that is turned away.
    side = np.array([1, 3, 5, 6])
    for index in np.flatnonzero(np.abs(yaw) > 35):
        visible[index, side + (8 if yaw[index] < 0 else 0)] = False
    shapes[~visible] = 1e4
    found = pose_modes(shapes, visible).coefficients[:, 0]
    assert correlation(found, full) > 0.97
    hidden = ~visible.all(axis=1)
    slope = np.abs(found[hidden]).mean() / np.abs(full[hidden]).mean()
    assert 0.8 < slope < 1.25


def test_no_complete_shape(turned_heads, yaw):
    shapes = turned_heads(yaw)
    visible = everything(shapes)
    visible[np.arange(400), np.arange(400) % 20] = False
    shapes[~visible] = np.nan
    found = pose_modes(shapes, visible).coefficients[:, 0]
    assert correlation(found, np.sin(np.deg2rad(yaw))) > 0.98


def test_point_that_nobody_annotated(turned_heads, yaw):
    shapes = turned_heads(yaw)
    visible = everything(shapes)
    visible[:, 7] = False
    shapes[:, 7] = np.nan
    found = pose_modes(shapes, visible)
    assert correlation(found.coefficients[:, 0], np.sin(np.deg2rad(yaw))) > 0.98


def test_shapes_without_a_pose_are_nan(turned_heads, yaw):
    shapes = turned_heads(yaw)
    visible = everything(shapes)
    visible[3] = False
    visible[4, 2:] = False
    shapes[5] = 17.
    found = pose_modes(shapes, visible).coefficients
    missing = np.isnan(found).all(axis=1)
    np.testing.assert_array_equal(np.flatnonzero(missing), [3, 4, 5])
    kept = np.delete(shapes, [3, 4, 5], axis=0)
    alone = pose_modes(kept, everything(kept)).coefficients
    np.testing.assert_allclose(np.abs(found[~missing, 0]), np.abs(alone[:, 0]),
                               atol=1e-6)


def test_one_shape(turned_heads):
    shapes = turned_heads([10])
    found = pose_modes(shapes, everything(shapes))
    np.testing.assert_allclose(found.coefficients, 0, atol=1e-9)


def test_repeatable(turned_heads, yaw):
    shapes = turned_heads(yaw)
    first, second = (pose_modes(shapes, everything(shapes)) for _ in range(2))
    np.testing.assert_array_equal(first.coefficients, second.coefficients)


def test_nothing_to_align():
    with pytest.raises(ValueError, match='none of 4 shapes'):
        pose_modes(np.zeros((4, 5, 2)), np.zeros((4, 5), bool))


def test_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match=r'\(4, 5, 3\)'):
        pose_modes(np.zeros((4, 5, 3)), np.ones((4, 5), bool))
