"""The face box moves, turns and mirrors within its limits."""

import numpy as np
import pytest
from mmpose.datasets.transforms import TopdownAffine

from mmwing.datasets.transforms import RandomFaceBox


def draws(transform, count=4000):
    """Offsets and scales as fractions of the box, and angles, of many draws."""
    np.random.seed(0)
    return transform._get_transform_params(count)


@pytest.mark.parametrize('distribution', ['uniform', 'truncnorm'])
def test_limits_are_respected_and_reached(distribution):
    offset, scale, angle = draws(
        RandomFaceBox(rotation=30, jitter=0.05, distribution=distribution))
    assert 29 < np.abs(angle).max() <= 30
    assert 0.045 < np.abs(offset).max() <= 0.05
    assert 0.08 < np.abs(scale - 1).max() <= 0.1
    assert np.abs(angle.mean()) < 1
    # No systematic growth: the crop at test time has the box's own size.
    assert np.abs(scale.mean() - 1) < 2e-3


def test_truncnorm_has_the_spread_of_mmpose():
    from mmpose.datasets.transforms import RandomBBoxTransform
    np.random.seed(0)
    theirs = RandomBBoxTransform._truncnorm(size=(20000, ))
    ours = RandomFaceBox(distribution='truncnorm')._draw((20000, ))
    np.testing.assert_allclose(
        np.quantile(ours, np.linspace(0.05, 0.95, 19)),
        np.quantile(theirs, np.linspace(0.05, 0.95, 19)), atol=0.03)


def test_corner_displacement_stays_within_the_jitter(painted_sample):
    # Along each axis, the mean of the two corners' sides is what the box shows;
    # a square box's corners never move further than jitter plus the other axis's.
    np.random.seed(1)
    transform = RandomFaceBox(rotation=0, jitter=0.05, flip_prob=0)
    for _ in range(200):
        before = painted_sample()
        after = transform(painted_sample())
        ratio = after['bbox_scale'] / before['bbox_scale']
        np.testing.assert_allclose(ratio[0, 0], ratio[0, 1], rtol=1e-6)
        assert abs(ratio[0, 0] - 1) <= 0.1 + 1e-6
        shift = (after['bbox_center'] - before['bbox_center']) / before['bbox_scale']
        assert np.abs(shift).max() <= 0.05 + 1e-6


def test_the_box_is_all_that_changes(painted_sample):
    before, results = painted_sample(), painted_sample()
    image = results['img']
    results = RandomFaceBox(flip_prob=1)(results)
    assert results['img'] is image
    assert results['bbox_mirrored'] is True
    assert set(results) - set(before) == {'bbox_mirrored', 'bbox_rotation'}
    for key in ('keypoints', 'keypoints_visible', 'bbox'):
        if key in before:
            np.testing.assert_array_equal(results[key], before[key])


def test_mmpose_s_warp_ignores_the_mirror_and_keeps_the_landmarks(painted_sample,
                                                                  dot_centres):
    results = RandomFaceBox(rotation=0, flip_prob=1)(painted_sample())
    results = TopdownAffine((128, 128))(results)
    landmarks = results['transformed_keypoints'][0]
    np.testing.assert_allclose(dot_centres(results['img'], landmarks), landmarks,
                               atol=0.5)
    assert not results.get('flip')


def test_flip_probability():
    np.random.seed(0)
    transform = RandomFaceBox(flip_prob=0.25)
    flips = [transform._choose_flip() for _ in range(2000)]
    assert 0.2 < np.mean(flips) < 0.3


def test_unannotated_sample_passes(painted_sample):
    results = painted_sample()
    del results['keypoints'], results['keypoints_visible']
    assert 'keypoints' not in RandomFaceBox(flip_prob=1)(results)


def test_missing_flip_indices(painted_sample):
    results = painted_sample()
    del results['flip_indices']
    # Said of each sample, not only of those that are mirrored.
    with pytest.raises(KeyError, match='flip_indices'):
        RandomFaceBox(flip_prob=1e-9)(results)
    assert not RandomFaceBox(flip_prob=0)(results)['bbox_mirrored']


@pytest.mark.parametrize('points', [4, 6])
def test_another_number_of_landmarks_than_the_data_set(painted_sample, points):
    results = painted_sample()
    results['keypoints'] = np.zeros((1, points, 2), np.float32)
    with pytest.raises(ValueError, match=f"'painted'.* {points} landmarks.* 5 "):
        RandomFaceBox(flip_prob=0)(results)


@pytest.mark.parametrize('name, value', [
    ('rotation', -1), ('rotation', 200), ('jitter', 0.5), ('jitter', -0.1),
    ('flip_prob', 1.1), ('distribution', 'normal'), ('rotation', float('nan'))])
def test_bad_arguments_are_named(name, value):
    with pytest.raises(ValueError, match=name):
        RandomFaceBox(**{name: value})
