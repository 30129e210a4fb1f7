"""Blur, colour and occlusion do what they say to the pixels."""

import cv2
import numpy as np
import pytest

from mmwing.datasets.transforms import RandomColor, RandomGaussianBlur, RandomOcclusion


@pytest.fixture
def photo():
    rng = np.random.default_rng(0)
    noise = rng.integers(60, 190, (48, 64, 3)).astype(np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 1.5)


def test_blur_of_a_point_has_the_asked_sigma():
    image = np.zeros((41, 41), np.float32)
    image[20, 20] = 1
    blurred = RandomGaussianBlur(sigma=1.5, prob=1)(dict(img=image))['img']
    variance = (blurred.sum(0) * (np.arange(41) - 20)**2).sum() / blurred.sum()
    assert np.sqrt(variance) == pytest.approx(1.5, rel=0.02)


def test_blur_probability_and_range():
    np.random.seed(0)
    blur = RandomGaussianBlur(sigma=(0.5, 2), prob=0.3)
    draws = [blur._draw() for _ in range(1000)]
    sigmas = [draw for draw in draws if draw is not None]
    assert 0.25 < len(sigmas) / 1000 < 0.35
    assert 0.5 <= min(sigmas) < 0.6 and 1.9 < max(sigmas) <= 2


def test_color_equals_the_steps_one_by_one(photo, monkeypatch):
    luma = np.array([0.114, 0.587, 0.299])
    tint = np.array([0.9, 1.05, 1.1])
    transform = RandomColor()
    monkeypatch.setattr(transform, '_draw', lambda: (12., 1.2, 0.7, tint))
    out = transform(dict(img=photo))['img']

    image = photo.astype(float)
    grey = (image @ luma)[..., None]
    expected = (grey + 0.7 * (image - grey)) * tint
    mean = (image @ luma).mean()
    expected = mean + 1.2 * (expected - mean) + 12
    np.testing.assert_allclose(out, expected.clip(0, 255), atol=1)


def test_grey_has_no_colour(photo):
    np.random.seed(0)
    out = RandomColor(grey_prob=1, prob=1)(dict(img=photo))['img']
    assert np.ptp(out.astype(int), axis=2).max() <= 1


def test_color_off_is_identity(photo):
    off = RandomColor(0, 0, 0, 0, grey_prob=0, prob=1)
    np.testing.assert_array_equal(off(dict(img=photo))['img'], photo)
    assert RandomColor(prob=0)(dict(img=photo))['img'] is photo


def test_color_needs_three_channels(photo):
    with pytest.raises(ValueError, match=r'\(48, 64\)'):
        RandomColor(prob=1)(dict(img=photo[..., 0]))


@pytest.mark.parametrize('fill', ['noise', 'color', 'shuffle'])
def test_occlusion_covers_a_bounded_rectangle(photo, fill):
    np.random.seed(0)
    transform = RandomOcclusion(prob=1, max_patches=1, size=(0.1, 0.4), fills=(fill, ))
    for _ in range(50):
        out = transform(dict(img=photo))['img']
        ys, xs = np.nonzero((out != photo).any(axis=2))
        if fill == 'shuffle' and len(ys) == 0:
            continue  # copied onto itself
        assert np.ptp(ys) + 1 <= round(0.4 * 48) and np.ptp(xs) + 1 <= round(0.4 * 64)
        if fill == 'color':
            patch = out[ys.min():ys.max() + 1, xs.min():xs.max() + 1]
            assert (patch == patch[0, 0]).all()


def test_occlusion_probability():
    np.random.seed(0)
    occlusion = RandomOcclusion(prob=0.3, max_patches=3)
    draws = [occlusion._draw(48, 64) for _ in range(1000)]
    assert 0.25 < np.mean([len(draw) > 0 for draw in draws]) < 0.35
    assert {len(draw) for draw in draws} == {0, 1, 2, 3}


def test_whole_image_patch_fits(photo):
    out = RandomOcclusion(prob=1, size=(1, 1), fills=('color', ))(dict(img=photo))
    assert len(np.unique(out['img'].reshape(-1, 3), axis=0)) == 1


@pytest.mark.parametrize('transform, arguments, name', [
    (RandomGaussianBlur, dict(sigma=0), 'sigma'),
    (RandomGaussianBlur, dict(sigma=(2, 1)), 'sigma'),
    (RandomGaussianBlur, dict(prob=2), 'prob'),
    (RandomColor, dict(contrast=1.5), 'contrast'),
    (RandomColor, dict(grey_prob=-1), 'grey_prob'),
    (RandomOcclusion, dict(prob=-0.1), 'prob'),
    (RandomOcclusion, dict(max_patches=0), 'max_patches'),
    (RandomOcclusion, dict(size=(0, 0.5)), 'size'),
    (RandomOcclusion, dict(fills=('grey', )), 'fills'),
    (RandomOcclusion, dict(fills=()), 'fills')])
def test_bad_arguments_are_named(transform, arguments, name):
    with pytest.raises(ValueError, match=name):
        transform(**arguments)
