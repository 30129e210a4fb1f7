"""Images of any kind become 8-bit BGR, or an error says why not."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from mmwing.inference import ImageError, read_image

RNG = np.random.default_rng(0)
# Smooth, so that lossy formats keep it.
RGB = cv2.resize(RNG.integers(40, 215, (4, 5, 3), np.uint8), (50, 40))
BGR = RGB[..., ::-1]


@pytest.mark.parametrize(('mode', 'suffix', 'tolerance'), [
    ('RGB', '.png', 0), ('RGB', '.jpg', 16), ('CMYK', '.jpg', 24), ('RGB', '.webp', 24),
    ('RGB', '.bmp', 0), ('RGB', '.tif', 0), ('RGBA', '.png', 0), ('P', '.gif', 48)])
def test_files(mode, suffix, tolerance, tmp_path):
    path = tmp_path / f'image{suffix}'
    Image.fromarray(RGB).convert(mode).save(path)
    found = read_image(path)
    assert found.dtype == np.uint8 and found.shape == (40, 50, 3)
    assert np.abs(found.astype(int) - BGR).max() <= tolerance


@pytest.mark.parametrize('channels', [1, 3, 4])
def test_files_of_16_bits(channels, tmp_path):
    levels = np.linspace(0, 65535, 40 * 50).reshape(40, 50).astype(np.uint16)
    image = levels if channels == 1 else np.dstack([levels] * channels)
    cv2.imwrite(str(tmp_path / 'deep.png'), image)
    found = read_image(tmp_path / 'deep.png')
    assert found.shape == (40, 50, 3)
    assert (found[0, 0, 0], found[-1, -1, 0]) == (0, 255)
    np.testing.assert_allclose(found[..., 0], levels / 257, atol=1)


def test_the_first_frame_of_an_animation_counts(tmp_path):
    black, white = (Image.new('L', (8, 8), value) for value in (0, 255))
    black.save(tmp_path / 'moving.gif', save_all=True, append_images=[white])
    assert read_image(tmp_path / 'moving.gif').max() == 0


@pytest.mark.parametrize('orientation', range(1, 9))
def test_exif_orientation_is_that_of_opencv(orientation, tmp_path):
    exif = Image.Exif()
    exif[274] = orientation
    path = tmp_path / 'photo.jpg'
    Image.fromarray(RGB).save(path, exif=exif, quality=95)
    found, expected = read_image(path), cv2.imread(str(path))
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).max() <= 3


def test_pillow_images_are_taken_as_they_are():
    exif = Image.Exif()
    exif[274] = 6
    buffer = io.BytesIO()
    Image.fromarray(RGB).save(buffer, 'PNG', exif=exif)
    np.testing.assert_array_equal(read_image(Image.open(buffer)), BGR)


@pytest.mark.parametrize('size', [(1, 1), (1, 40), (20000, 3)])
def test_extreme_sizes(size, tmp_path):
    Image.new('RGB', size, (1, 2, 3)).save(tmp_path / 'odd.png')
    found = read_image(tmp_path / 'odd.png')
    assert found.shape == (size[1], size[0], 3) and found[0, 0].tolist() == [3, 2, 1]


def write_broken_files(tmp_path):
    buffer = io.BytesIO()
    Image.fromarray(cv2.resize(RGB, (300, 300))).save(buffer, 'JPEG')
    for name, content in {'cut.jpg': buffer.getvalue()[:-500], 'text.png': b'hello',
                          'empty.png': b''}.items():
        (tmp_path / name).write_bytes(content)


@pytest.mark.parametrize(('name', 'message'), [
    ('cut.jpg', r'cut\.jpg cannot be decoded: .*truncated'),
    ('text.png', r'text\.png is not an image'),
    ('empty.png', r'empty\.png is not an image'),
    ('missing.png', r'no image .*missing\.png'),
    ('.', 'is a folder'),
])
def test_files_that_are_no_images(name, message, tmp_path):
    write_broken_files(tmp_path)
    with pytest.raises(ImageError, match=message):
        read_image(tmp_path / name)


def test_a_decompression_bomb(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', 100)
    Image.new('1', (50, 50)).save(tmp_path / 'huge.png')
    with pytest.raises(ImageError, match=r'huge\.png is too large.*MAX_IMAGE_PIXELS'):
        read_image(tmp_path / 'huge.png')


@pytest.mark.parametrize(('image', 'error', 'message'), [
    (np.zeros((0, 5, 3), np.uint8), ValueError, r'empty.*\(0, 5, 3\)'),
    (np.zeros((5, 5, 2), np.uint8), ValueError, r'\(H, W, 4\), got \(5, 5, 2\)'),
    (np.zeros(5, np.uint8), ValueError, r'got \(5,\)'),
    (np.zeros((5, 5, 3)), TypeError, r'uint8 or uint16, got float64.*astype'),
    (np.zeros((5, 5), bool), TypeError, 'got bool'),
    (Image.new('F', (5, 5)), ImageError, 'floating-point'),
    (Image.new('I', (5, 5), 70000), ImageError, '32 bits'),
    (None, TypeError, 'path, an array or a Pillow image, got NoneType'),
])
def test_what_is_no_image(image, error, message):
    with pytest.raises(error, match=message):
        read_image(image)


def test_an_unknown_channel_order():
    with pytest.raises(ValueError, match="'rgb'.*got 'RGB'"):
        read_image(BGR, 'RGB')
