"""Read images from files, arrays and Pillow images."""

from __future__ import annotations

import io
import os
from pathlib import Path

import cv2
import numpy as np
from mmengine.fileio import get
from PIL import Image, ImageOps, UnidentifiedImageError

from mmwing.datasets.formats.images import ImageError, MissingImageError

#: One image: path or address of a file, array, or Pillow image.
ImageLike = str | os.PathLike | np.ndarray | Image.Image

CHANNEL_ORDERS = ('bgr', 'rgb')


def read_image(image: ImageLike, channel_order: str = 'bgr') -> np.ndarray:
    """Turn an image of any kind into 8-bit BGR, which MMPose's pipelines take.

    A file is shown as viewers show it: turned as its EXIF orientation says. Pillow
    images and arrays are taken as they are. Transparency is ignored, 16 bits a
    channel become 8, of an animation the first frame counts.

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
        ImageError: If a file cannot be decoded, or decodes to nothing usable.
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
        return _from_file(image)
    raise TypeError('image must be a path, an array or a Pillow image, got '
                    f'{type(image).__name__}')


def _from_file(path: str | os.PathLike) -> np.ndarray:
    name = os.fspath(path)
    if Path(name).is_dir():
        raise ImageError(f'{name} is a folder; give the images in it')
    try:
        with Image.open(io.BytesIO(get(name))) as image:
            return _from_pillow(ImageOps.exif_transpose(image))
    except FileNotFoundError as error:
        raise MissingImageError(f'no image {name} (working directory: {os.getcwd()})'
                                ) from error
    except UnidentifiedImageError as error:
        raise ImageError(f'{name} is not an image, or of an unknown format') from error
    except Image.DecompressionBombError as error:
        raise ImageError(f'{name} is too large: {error}; PIL.Image.MAX_IMAGE_PIXELS '
                         'sets the limit') from error
    # Damaged files make Pillow raise all of these, by format.
    except (OSError, SyntaxError, ValueError) as error:
        raise ImageError(f'{name} cannot be decoded: {error}') from error


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
        array = (array // 257).astype(np.uint8)
    elif array.dtype != np.uint8:
        raise TypeError('an image must hold uint8 or uint16, got '
                        f'{array.dtype}; scale it to 0..255 and call .astype("uint8")')
    if channels == 1:
        return cv2.cvtColor(array.reshape(array.shape[:2]), cv2.COLOR_GRAY2BGR)
    array = array[..., :3]
    return np.ascontiguousarray(array if channel_order == 'bgr' else array[..., ::-1])
