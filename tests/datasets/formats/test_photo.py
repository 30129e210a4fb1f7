"""Photos are decoded whole or not at all, and where their reduced pixels lie."""

import cv2
import numpy as np
import pytest
from PIL import Image

from mmwing.datasets.formats.photo import read_photo
from mmwing.images import ImageError


@pytest.fixture(scope='module')
def photo():
    """Smooth, so that a mean over pixels is what any decoder makes of them."""
    ys, xs = np.mgrid[:203, :170]
    waves = [127 + 90 * np.sin(xs / a + ys / b) for a, b in ((31, 47), (53, 29),
                                                             (37, 41))]
    return np.dstack(waves).round().astype(np.uint8)


def encode(image, suffix='.jpg'):
    return cv2.imencode(suffix, image, [cv2.IMWRITE_JPEG_QUALITY, 98]
                        if suffix == '.jpg' else [])[1].tobytes()


@pytest.mark.parametrize('reduction', [2, 4, 8])
def test_a_reduced_pixel_is_the_mean_of_its_square(photo, reduction, tmp_path):
    path = tmp_path / 'photo.jpg'
    path.write_bytes(encode(photo))
    reduced, applied, shape = read_photo(str(path), reduction=reduction)
    assert applied == reduction and shape == (203, 170)
    height, width = (side // reduction for side in (203, 170))
    squares = photo[:height * reduction, :width * reduction].reshape(
        height, reduction, width, reduction, 3).mean((1, 3))
    off = np.abs(reduced[:height, :width] - squares)
    assert off.mean() < 1 and off.max() < 6


def test_other_files_are_decoded_in_full(photo, tmp_path):
    path = tmp_path / 'photo.png'
    path.write_bytes(encode(photo, '.png'))
    whole, applied, shape = read_photo(str(path), reduction=4)
    np.testing.assert_array_equal(whole, photo)
    assert applied == 1 and shape == (203, 170)


def test_a_photo_that_must_be_turned_is_decoded_in_full(photo, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / 'turned.jpg'
    Image.fromarray(photo[..., ::-1]).save(path, quality=98, exif=exif)
    turned, applied, shape = read_photo(str(path), reduction=4)
    assert applied == 1 and shape == turned.shape[:2] == (170, 203)


@pytest.mark.parametrize('reduction', [1, 4])
def test_a_file_that_is_cut_off_is_named(photo, reduction, tmp_path):
    data = encode(photo)
    path = tmp_path / 'short.jpg'
    path.write_bytes(data[:len(data) // 2])
    with pytest.raises(ImageError, match=r'short\.jpg cannot be .*Replace it'):
        read_photo(str(path), reduction=reduction)
