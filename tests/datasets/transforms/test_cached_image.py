"""Each file is decoded once, and nobody spoils the cache."""

import cv2
import numpy as np
import pytest

from mmwing.datasets.transforms import LoadCachedImage


@pytest.fixture
def images(tmp_path):
    rng = np.random.default_rng(0)
    paths = []
    for name in 'ab':
        paths.append(str(tmp_path / f'{name}.png'))
        cv2.imwrite(paths[-1], rng.integers(0, 256, (20, 30, 3), np.uint8))
    return paths


def test_second_load_needs_no_file(images, tmp_path):
    load = LoadCachedImage()
    first = load(dict(img_path=images[0]))
    (tmp_path / 'a.png').unlink()
    second = load(dict(img_path=images[0]))
    assert second['img'] is first['img']
    assert second['img_shape'] == second['ori_shape'] == (20, 30)


def test_a_missing_image_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"c\.png' does not exist.*data_root"):
        LoadCachedImage()(dict(img_path=str(tmp_path / 'c.png')))


@pytest.mark.parametrize('content', [b'', b'no image'])
def test_an_unreadable_image_is_named(content, tmp_path):
    (tmp_path / 'c.png').write_bytes(content)
    with pytest.raises(ValueError, match=r'the image .*c\.png cannot be decoded: it is '
                                         '(empty|not an image).*take it out of'):
        LoadCachedImage()(dict(img_path=str(tmp_path / 'c.png')))


def test_images_are_not_mixed_up(images):
    load = LoadCachedImage()
    for path in images * 2:
        np.testing.assert_array_equal(load(dict(img_path=path))['img'],
                                      cv2.imread(path))


def test_cached_image_is_read_only(images):
    image = LoadCachedImage()(dict(img_path=images[0]))['img']
    with pytest.raises(ValueError, match='read-only'):
        image[0] = 0


def test_limit_is_respected(images):
    load = LoadCachedImage(max_gigabytes=1.5 * 20 * 30 * 3 / 1e9)
    kept = [load(dict(img_path=path))['img'] for path in images]
    again = [load(dict(img_path=path))['img'] for path in images]
    assert again[0] is kept[0]
    assert again[1] is not kept[1]
    np.testing.assert_array_equal(again[1], kept[1])


def test_given_image_is_used_and_not_cached(images):
    load = LoadCachedImage()
    painted = np.zeros((4, 5, 3), np.uint8)
    results = load(dict(img_path=images[0], img=painted))
    assert results['img'] is painted and painted.flags.writeable
    assert load(dict(img_path=images[0]))['img'].shape == (20, 30, 3)
    assert load(dict(img=painted))['img_shape'] == (4, 5)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'none\.jpg'):
        LoadCachedImage()(dict(img_path=str(tmp_path / 'none.jpg')))


def test_bad_limit():
    with pytest.raises(ValueError, match='max_gigabytes'):
        LoadCachedImage(max_gigabytes=0)


@pytest.mark.parametrize('flag', ['to_float32', 'ignore_empty'])
def test_a_flag_that_is_none_is_named(flag):
    with pytest.raises(TypeError, match=f"{flag} must be True or False, got 'no'"):
        LoadCachedImage(**{flag: 'no'})
