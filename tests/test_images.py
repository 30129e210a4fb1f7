"""Images of any kind become 8-bit BGR, or an error says why not."""

import io
import os
import struct
import zlib

import cv2
import numpy as np
import pytest
from mmpose.datasets.transforms import LoadImage
from PIL import Image

from mmwing import LoadCachedImage
from mmwing.datasets.checks import CheckReport, images, sheet
from mmwing.datasets.converters.face import Face
from mmwing.datasets.converters.images import ImagePlacer, ImagePlan
from mmwing.datasets.converters.sources import ImageFile
from mmwing.datasets.formats import LandmarkRecord
from mmwing.evaluation.runner_report import DatasetImages
from mmwing.images import ImageError, decode_image, read_image

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
    np.testing.assert_array_equal(found, cv2.imread(str(tmp_path / 'deep.png')))
    np.testing.assert_array_equal(found, read_image(image))
    assert (found[0, 0, 0], found[-1, -1, 0]) == (0, 255)


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
    ('text.png', r'text\.png cannot be decoded: it is not an image'),
    ('empty.png', r'empty\.png cannot be decoded: it is empty'),
    ('missing.png', r'no image .*missing\.png'),
    ('.', 'is a folder'),
])
def test_files_that_are_no_images(name, message, tmp_path):
    write_broken_files(tmp_path)
    with pytest.raises(ImageError, match=message):
        read_image(tmp_path / name)


def png(width, height):
    """A PNG file that declares a size and has no pixels."""
    def chunk(kind, data):
        return (struct.pack('>I', len(data)) + kind + data
                + struct.pack('>I', zlib.crc32(kind + data)))
    return (b'\x89PNG\r\n\x1a\n'
            + chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0))
            + chunk(b'IDAT', b'') + chunk(b'IEND', b''))


@pytest.mark.parametrize(('name', 'content'), [
    ('huge.png', png(30000, 30000)), ('wide.png', png(40000, 40000)),
    ('huge.hdr', b'#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 30000 +X 30000\n'),
    ('huge.ppm', b'P6\n40000 40000\n255\n')])
def test_more_pixels_than_fit_into_memory(name, content, tmp_path, monkeypatch):
    (tmp_path / name).write_bytes(content)
    monkeypatch.setattr(cv2, 'imdecode', pytest.fail)
    with pytest.raises(ImageError, match=rf'{name} cannot be decoded: it has '
                                         r'(30000x30000|40000x40000) pixels'):
        read_image(tmp_path / name)


def test_a_file_larger_than_any_image_is_not_read(tmp_path):
    with (tmp_path / 'huge.png').open('wb') as file:
        file.truncate(2**40)  # takes no space on the disk
    with pytest.raises(ImageError, match=r'huge\.png cannot be read: .* too many'):
        read_image(tmp_path / 'huge.png')


def test_what_the_memory_cannot_hold(tmp_path, monkeypatch):
    (tmp_path / 'a.png').write_bytes(png(4, 4))

    def fail(*_):
        error = cv2.error('Failed to allocate')
        error.code = cv2.Error.StsNoMem
        raise error

    monkeypatch.setattr(cv2, 'imdecode', fail)
    with pytest.raises(ImageError, match=r'a\.png .* not enough memory'):
        read_image(tmp_path / 'a.png')


@pytest.mark.parametrize('suffix', ['.jpg', '.png'])
def test_cut_files_that_opencv_4_fills_with_grey(suffix, monkeypatch):
    thumbnail = io.BytesIO()
    Image.fromarray(RGB).save(thumbnail, 'JPEG')
    exif = Image.Exif()
    exif[0x927c] = thumbnail.getvalue()
    buffer = io.BytesIO()
    Image.fromarray(RGB).save(buffer, {'.jpg': 'JPEG', '.png': 'PNG'}[suffix],
                              exif=exif)
    content = buffer.getvalue()
    monkeypatch.setattr(cv2, 'imdecode', lambda *_: np.zeros((40, 50, 3), np.uint8))
    assert decode_image(content + b'junk', suffix).shape == (40, 50, 3)
    for rest in (-13, -300):
        with pytest.raises(ImageError, match='truncated'):
            decode_image(content[:rest], suffix)


@pytest.mark.parametrize(('name', 'image', 'message'), [
    ('a.ico', Image.new('RGB', (16, 16)), 'does not decode ICO'),
    ('a.tif', Image.new('F', (9, 9)), '32 bits a channel'),
    ('a.tif', Image.new('I', (9, 9)), '32 bits a channel')])
def test_what_opencv_does_not_decode(name, image, message, tmp_path):
    image.save(tmp_path / name)
    with pytest.raises(ImageError, match=message):
        read_image(tmp_path / name)


@pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='no pipes here')
def test_pipes_and_devices_are_no_images(tmp_path):
    os.mkfifo(tmp_path / 'pipe.png')
    (tmp_path / 'zero.png').symlink_to('/dev/zero')
    for name in ('pipe.png', 'zero.png'):
        with pytest.raises(ImageError, match=rf'{name} is a pipe, device or socket'):
            read_image(tmp_path / name)


def test_a_missing_image_is_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'no image .*none\.png'):
        read_image(tmp_path / 'none.png')


def test_names_of_any_bytes(tmp_path):
    path = tmp_path / os.fsdecode(b'\xff\n.png')
    with pytest.raises(ImageError, match=r'\\udcff\\n\.png'):
        read_image(path)
    Image.fromarray(RGB).save(tmp_path / 'a.png')
    (tmp_path / 'a.png').rename(path)
    np.testing.assert_array_equal(read_image(path), BGR)


def save_animation(path):
    red, blue = (Image.new('RGB', (50, 40), color) for color in ('red', 'blue'))
    red.save(path, save_all=True, append_images=[blue])


def save_turned(path):
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(RGB).save(path, exif=exif)


# Each with the size that its crops are cut from, before it is turned.
FILES = {
    'grey.png': lambda path: Image.fromarray(RGB).convert('L').save(path),
    'alpha.png': lambda path: Image.fromarray(RGB).convert('RGBA').save(path),
    'grey_alpha.png': lambda path: Image.fromarray(RGB).convert('LA').save(path),
    'palette.png': lambda path: Image.fromarray(RGB).convert('P').save(path),
    'bits.png': lambda path: Image.fromarray(RGB).convert('1').save(path),
    'cmyk.jpg': lambda path: Image.fromarray(RGB).convert('CMYK').save(path),
    'deep.png': lambda path: cv2.imwrite(str(path), BGR.astype(np.uint16) * 251),
    'deep.tif': lambda path: cv2.imwrite(str(path), BGR.astype(np.uint16) * 251),
    'radiance.hdr': lambda path: cv2.imwrite(str(path), BGR.astype(np.float32) / 255),
    'turned.jpg': save_turned,
    'turned.png': save_turned,
    'moving.gif': save_animation,
    'moving.png': save_animation,
    'moving.webp': save_animation,
}


@pytest.mark.parametrize('name', FILES)
def test_each_program_sees_the_same_pixels(name, tmp_path):
    path = tmp_path / name
    FILES[name](path)
    expected = cv2.imread(str(path), cv2.IMREAD_COLOR)
    points = np.array([[10., 10.], [30., 20.]])
    record = LandmarkRecord(str(path), points, np.ones(2), 'a', 0, 0)
    report = CheckReport([], [record], 2, [])
    face = Face(ImageFile(path), name, 'all', points, 'a')
    (tmp_path / 'out/.partial').mkdir(parents=True)
    placed = ImagePlacer(tmp_path / 'out', ImagePlan('copy')).place([face])
    sources = {
        'prediction': read_image(path),
        'training': LoadCachedImage()({'img_path': str(path)})['img'],
        "MMPose's own transform": LoadImage()({'img_path': str(path)})['img'],
        'preparation': read_image(tmp_path / 'out/images' / placed[-1].file_name),
        'report': DatasetImages(None)(str(path)),
        'checker': next(sheet._readable(report.records))[0],
    }
    for program, image in sources.items():
        np.testing.assert_array_equal(image, expected, program)
    assert images._read_image(str(path)).size == expected.shape[1::-1]
    assert (placed[-1].width, placed[-1].height) == (50, 40)


def test_crops_are_cut_from_the_same_pixels(tmp_path):
    points = np.array([[10., 10.], [30., 20.]])
    (tmp_path / 'out/.partial').mkdir(parents=True)
    for name in ('turned.png', 'deep.png', 'grey.png'):
        FILES[name](tmp_path / name)
        face = Face(ImageFile(tmp_path / name), name, 'all', points, 'a')
        crop, = ImagePlacer(tmp_path / 'out', ImagePlan('crop', 1.)).place([face])
        whole = cv2.imread(str(tmp_path / name),
                           cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
        window = crop.window
        rows, columns = (slice(start, start + window.side)
                         for start in (window.top, window.left))
        np.testing.assert_array_equal(
            read_image(tmp_path / 'out/images' / crop.file_name),
            whole[rows, columns], name)


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
