"""Read images from videos and MATLAB files."""

from __future__ import annotations

import functools
import importlib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from PIL import Image

from mmwing.datasets.formats.images import ImageError, ImageFile, MissingImageError


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
        import cv2
        self._capture = cv2.VideoCapture(str(path))
        self._path = path
        self._next = 0
        if not self._capture.isOpened():
            raise ImageError(f'{path}: OpenCV cannot open this video')

    def frame(self, index: int) -> Image.Image:
        import cv2
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
        return Image.fromarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))


@dataclass(frozen=True)
class VideoFrame:
    """A frame of a video, counted from 0."""

    path: Path
    index: int

    @property
    def container(self) -> Path:
        """See :attr:`ImageFile.container`."""
        return self.path

    def open(self) -> Image.Image:
        """Decode the frame; see :meth:`ImageFile.open`."""
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

    def open(self) -> Image.Image:
        """Decode the image; see :meth:`ImageFile.open`."""
        h5py = require('h5py', 'MATLAB v7.3 files')
        try:
            with h5py.File(self.path, 'r') as mat:
                pixels = mat[mat[self.cell][0, self.index]][()]
        except (OSError, KeyError, ValueError) as error:
            raise ImageError(f'{self.path}: {error}') from error
        # MATLAB stores columns first: (C, W, H) or (W, H).
        try:
            return Image.fromarray(pixels.T)
        except (TypeError, ValueError) as error:
            raise ImageError(f'{self.path}: no image: array of shape {pixels.shape}, '
                             f'{pixels.dtype}') from error


ImageSource = ImageFile | VideoFrame | MatImage
