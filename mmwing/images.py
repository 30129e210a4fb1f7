"""Read images, all of them here, so that each program sees the same pixels.

OpenCV decodes, as in MMPose. What it would do to a file in silence is refused.
"""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from mmwing.files import check_regular_file, printable

#: One image: path or address of a file, array, or Pillow image.
ImageLike = str | os.PathLike | np.ndarray | Image.Image

CHANNEL_ORDERS = ('bgr', 'rgb')

#: Suffixes of the pictures that OpenCV, and with it MMPose, decodes.
IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.jpe', '.jp2', '.png', '.bmp', '.dib', '.webp',
                  '.avif', '.gif', '.tif', '.tiff', '.pbm', '.pgm', '.ppm', '.pxm',
                  '.pnm', '.pfm', '.sr', '.ras', '.exr', '.hdr', '.pic')

#: Larger images are refused before they are decoded, see :func:`read_image`. It is
#: 16384 x 16384; a phone takes 200 million.
MAX_PIXELS = 2**28
# The largest form of a pixel in a file: four channels of 16 bits.
_MAX_BYTES = 8 * MAX_PIXELS

_EXIF_ORIENTATION = 0x0112
_REDUCED = {1: cv2.IMREAD_COLOR, 2: cv2.IMREAD_REDUCED_COLOR_2,
            4: cv2.IMREAD_REDUCED_COLOR_4, 8: cv2.IMREAD_REDUCED_COLOR_8}
# What OpenCV decodes of the formats that Pillow tells apart.
_DECODED = {'AVIF', 'BMP', 'DIB', 'GIF', 'JPEG', 'JPEG2000', 'MPO', 'PNG', 'PPM', 'SUN',
            'TIFF', 'WEBP'}
# Pillow does not know Radiance's format.
_RADIANCE_SIZE = re.compile(rb'#\?.*?\n[+-]Y (\d{1,9}) [+-]X (\d{1,9})\n', re.DOTALL)


class ImageError(ValueError):
    """An image exists and cannot be decoded."""


class MissingImageError(ImageError, FileNotFoundError):
    """The file that holds an image is not there."""


def read_image(image: ImageLike, channel_order: str = 'bgr') -> np.ndarray:
    """Turn an image of any kind into 8-bit BGR, which MMPose's pipelines take.

    A file becomes what ``cv2.imread(path, cv2.IMREAD_COLOR)`` makes of it: turned as
    its EXIF orientation says, without transparency, the first frame of an animation.
    Of 16 bits a channel, also in arrays, the upper 8 remain. Pillow images and arrays
    are not turned.

    Args:
        image: Path of a file, or an address that MMEngine reads (``https://…``); an
            array (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) of uint8 or uint16; or a
            Pillow image.
        channel_order: Of arrays with three or four channels, ``'bgr'`` (OpenCV) or
            ``'rgb'``.

    Returns:
        (H, W, 3) uint8, BGR.

    Raises:
        MissingImageError: If there is no such file.
        ImageError: If a file cannot be decoded in full, has more than
            :data:`MAX_PIXELS` pixels, or is a folder, pipe or device.
        TypeError: If it is none of these, or an array of another type of numbers.
        ValueError: If an array is empty or of another shape, or ``channel_order`` is
            neither.
    """
    if channel_order not in CHANNEL_ORDERS:
        raise ValueError(f'channel_order must be one of {CHANNEL_ORDERS}, got '
                         f'{channel_order!r}')
    if isinstance(image, np.ndarray):
        return _from_array(image, channel_order)
    if isinstance(image, Image.Image):
        return _from_pillow(image)
    if isinstance(image, (str, os.PathLike)):
        return decode_image(read_image_file(image), image)
    raise TypeError('image must be a path, an array or a Pillow image, got '
                    f'{type(image).__name__}')


def read_image_file(path: str | os.PathLike, backend_args: dict | None = None) -> bytes:
    """The bytes of an image file, not decoded.

    Args:
        path: Its path, or an address that MMEngine reads.
        backend_args: Which file backend of MMEngine reads it; by default the one that
            the path names.

    Raises:
        MissingImageError: If there is no such file.
        ImageError: If it cannot be read, or is too large for an image.
    """
    name = os.fspath(path)
    try:
        if '://' not in name and backend_args is None:
            _check_image_file(name)
            return Path(name).read_bytes()
        # Files alone can be read where MMEngine is not installed.
        from mmengine.fileio import get

        return bytes(get(name, backend_args))
    except FileNotFoundError as error:
        raise MissingImageError(f'no image {printable(name)} (working directory: '
                                f'{printable(os.getcwd())})') from error
    except ImportError as error:
        raise ImageError(f'{printable(name)} is an address, which MMEngine reads, and '
                         'that is not installed: give a file') from error
    except OSError as error:
        raise ImageError(f'{printable(name)} cannot be read: '
                         f'{error.strerror or error}') from error
    except ValueError as error:  # it is no file, or its name cannot be one
        text = str(error)
        raise ImageError(text if printable(name) in text else
                         f'{printable(name)} cannot be read: {text}') from error


def _check_image_file(name: str) -> None:
    if os.path.isdir(name):
        raise ValueError(f'{printable(name)} is a folder; give the images in it')
    check_regular_file(name)
    if os.path.getsize(name) > _MAX_BYTES:
        raise ValueError(f'{os.path.getsize(name)} bytes are too many for an image')


def decode_image(data: bytes, name: str | os.PathLike, *,
                 turn: bool = True, reduction: int = 1) -> np.ndarray:
    """Decode the bytes of an image file.

    Args:
        data: The bytes.
        name: What errors call the file.
        turn: Whether to turn it as its EXIF orientation says.
        reduction: 1, 2, 4 or 8: of a JPEG, each pixel is the mean of so many along
            either side, which is faster.

    Returns:
        (H, W, 3) uint8, BGR.

    Raises:
        ImageError: See :func:`read_image`.
    """
    if not data:
        raise _undecodable(name, 'it is empty')
    header = _header(data)
    size = _declared_size(header, data)
    if size and size[0] * size[1] > MAX_PIXELS:
        raise _undecodable(name, f'it has {size[0]}x{size[1]} pixels, more than the '
                                 f'{MAX_PIXELS} that are read; reduce it first')
    flags = _REDUCED[reduction] | (0 if turn else cv2.IMREAD_IGNORE_ORIENTATION)
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        if error.code == cv2.Error.StsNoMem:
            raise _undecodable(name, 'there is not enough memory for it') from error
        pixels = None
    if pixels is None or _is_cut_off(data):
        raise _undecodable(name, _reason(header))
    return pixels


def image_size(data: bytes) -> tuple[int, int] | None:
    """Width and height that an image file declares, before it is turned.

    Args:
        data: The bytes of the file.

    Returns:
        None where they are not known before it is decoded.
    """
    return _declared_size(_header(data), data)


def _declared_size(header: Image.Image | None, data: bytes) -> tuple[int, int] | None:
    if header is not None:
        return header.size
    match = _RADIANCE_SIZE.match(data[:65536])
    return (int(match[2]), int(match[1])) if match else None


def is_turned(data: bytes) -> bool:
    """Whether OpenCV turns or mirrors an image as its EXIF orientation says.

    Args:
        data: The bytes of the file.
    """
    header = _header(data)
    # OpenCV leaves AVIF as it is. Pillow would decode a PNG in search of its EXIF data.
    if header is None or header.format == 'AVIF' or (
            header.format == 'PNG' and b'eXIf' not in data):
        return False
    try:
        return header.getexif().get(_EXIF_ORIENTATION, 1) in range(2, 9)
    except Exception:  # damaged EXIF data, which OpenCV passes over
        return False


def _header(data: bytes) -> Image.Image | None:
    """What Pillow knows of an image before it decodes it; None if it knows nothing.

    Not by ``Image.open``, which refuses large images and does not say their size.
    """
    Image.init()
    for factory, accepts in Image.OPEN.values():
        try:
            # The few formats without a test would take anything for theirs.
            if accepts is not None and accepts(data[:16]) is True:
                return factory(io.BytesIO(data), '')
        except Exception:  # anything, by format and damage
            continue
    return None


def _is_cut_off(data: bytes) -> bool:
    """Whether a JPEG or PNG has no end: OpenCV 4 fills in what is missing with grey."""
    if data.startswith(b'\x89PNG'):
        return b'IEND' not in data
    if not data.startswith(b'\xff\xd8'):
        return False
    place = 2
    # Segment by segment up to the scan: a thumbnail inside has an end of its own.
    while data[place:place + 1] == b'\xff' and data[place + 1:place + 2] != b'\xda':
        filling = data[place + 1:place + 2] == b'\xff'
        place += 1 if filling else 2 + int.from_bytes(data[place + 2:place + 4])
    return data.find(b'\xff\xd9', place) < 0


def _reason(header: Image.Image | None) -> str:
    """Why OpenCV does not decode a file."""
    if header is None:
        return ('it is not an image, or one that OpenCV does not decode, or it is '
                'damaged')
    if header.format not in _DECODED:
        return (f'OpenCV, and with it MMPose, does not decode {header.format}; save it '
                'as PNG or JPEG')
    if header.mode in ('F', 'I'):
        return 'it has 32 bits a channel; convert it to 8 or 16'
    return 'it is truncated or damaged'


def _undecodable(name: str | os.PathLike, reason: str) -> ImageError:
    return ImageError(f'{printable(name)} cannot be decoded: {reason}')


def _from_pillow(image: Image.Image) -> np.ndarray:
    if image.mode.startswith('I'):  # 16 bits, in some formats within 32
        values = np.asarray(image)
        if values.size and (values.min() < 0 or values.max() > 65535):
            raise ImageError('an image with 32 bits a pixel; convert it to 8 or 16')
        return _from_array(values.astype(np.uint16), 'rgb')
    if image.mode == 'F':
        raise ImageError('an image of floating-point numbers; convert it to 8 bits')
    return _from_array(np.asarray(image.convert('RGB')), 'rgb')


def _from_array(array: np.ndarray, channel_order: str) -> np.ndarray:
    channels = array.shape[2] if array.ndim == 3 else 1
    if array.ndim not in (2, 3) or channels not in (1, 3, 4):
        raise ValueError('an image must have the shape (H, W), (H, W, 1), (H, W, 3) or '
                         f'(H, W, 4), got {array.shape}')
    if not array.size:
        raise ValueError(f'an image must not be empty, got the shape {array.shape}')
    if array.dtype == np.uint16:
        array = (array >> 8).astype(np.uint8)
    elif array.dtype != np.uint8:
        raise TypeError('an image must hold uint8 or uint16, got '
                        f'{array.dtype}; scale it to 0..255 and call .astype("uint8")')
    if channels == 1:
        return cv2.cvtColor(array.reshape(array.shape[:2]), cv2.COLOR_GRAY2BGR)
    array = array[..., :3]
    return np.ascontiguousarray(array if channel_order == 'bgr' else array[..., ::-1])
