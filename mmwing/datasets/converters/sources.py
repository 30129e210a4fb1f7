"""The images of raw data: files, frames of videos, cells of MATLAB files."""

from __future__ import annotations

import functools
import importlib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np

from mmwing.files import check_regular_file
from mmwing.images import (
    MAX_PIXELS,
    ImageError,
    MissingImageError,
    decode_image,
    read_image,
    read_image_file,
)


def require(module: str, purpose: str) -> ModuleType:
    """Import an optional dependency.

    Raises:
        ImportError: With the command that installs it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.split('.')[0]
        raise ImportError(f'{package} is needed to read {purpose}. Install it with: '
                          f'pip install {package}') from error


@functools.lru_cache(maxsize=64)
class _Video:
    """A video that is read forwards; asking for an earlier frame rewinds it."""

    def __init__(self, path: Path) -> None:
        self._capture = cv2.VideoCapture(str(path))
        self._path = path
        self._next = 0
        if not self._capture.isOpened():
            raise ImageError(f'{path}: OpenCV cannot open this video')

    def frame(self, index: int) -> np.ndarray:
        if index < self._next:
            self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
            self._next = 0
        # Seeking lands on key frames in some codecs: step instead.
        while self._next < index and self._capture.grab():
            self._next += 1
        ok, pixels = self._capture.read()
        if not ok or self._next != index:
            raise ImageError(f'{self._path}: ends before frame {index + 1}')
        self._next += 1
        return pixels


@dataclass(frozen=True)
class ImageFile:
    """An image file, which can also be linked or copied as it is."""

    path: Path

    @property
    def container(self) -> Path:
        """What must be read in one go; images of one container stay together."""
        return self.path

    def read(self) -> np.ndarray:
        """Decode the image, without turning it as its EXIF data asks.

        Returns:
            (H, W, 3) uint8, BGR.

        Raises:
            MissingImageError: If there is no such file.
            ImageError: If it is not an image, or cut off.
        """
        return decode_image(read_image_file(self.path), self.path, turn=False)


@dataclass(frozen=True)
class VideoFrame:
    """A frame of a video, counted from 0."""

    path: Path
    index: int

    @property
    def container(self) -> Path:
        """See :attr:`ImageFile.container`."""
        return self.path

    def read(self) -> np.ndarray:
        """Decode the frame; see :meth:`ImageFile.read`."""
        if not self.path.is_file():
            raise MissingImageError(f'no file {self.path}')
        return _Video(self.path).frame(self.index)


@dataclass(frozen=True)
class MatImage:
    """An image in a cell array of a MATLAB v7.3 file, counted from 0."""

    path: Path
    cell: str
    index: int

    @property
    def container(self) -> tuple[Path, int]:
        """See :attr:`ImageFile.container`."""
        return self.path, self.index

    def read(self) -> np.ndarray:
        """Decode the image; see :meth:`ImageFile.read`."""
        h5py = require('h5py', 'MATLAB v7.3 files')
        try:
            check_regular_file(self.path)
            with h5py.File(self.path, 'r') as mat:
                cell = mat[mat[self.cell][0, self.index]]
                if cell.size > 3 * MAX_PIXELS:  # a few bytes can declare any size
                    raise ValueError(f'its shape is {cell.shape}')
                pixels = np.asarray(cell)
            # MATLAB stores columns first: (C, W, H) or (W, H).
            return read_image(pixels.T, 'rgb')
        # A damaged file makes h5py raise whatever it stumbles upon.
        except Exception as error:
            raise ImageError(f'{self.path}: {self.cell}{{{self.index + 1}}} is not an '
                             f'image: {error}') from error


ImageSource = ImageFile | VideoFrame | MatImage
