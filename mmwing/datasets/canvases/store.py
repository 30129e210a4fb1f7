"""One file with the canvases of a data set, made once and read by all processes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
from mmengine.logging import MMLogger

from mmwing.datasets.formats.photo import missing, read_photo
from mmwing.files import (
    WRITE_ERRORS,
    printable,
    read_json,
    replace_files,
)
from mmwing.images import MissingImageError
from mmwing.locks import lock_file
from mmwing.progress import progress_bar
from mmwing.version import __version__

from .painted import painter_digest
from .region import Regions, regions_of

#: Goes up when the same photos and settings give other pixels.
VERSION = 2

_NAME = re.compile(r'canvases-[0-9a-f]{16}\.npy')
_REMEDY = ('free some space, name another folder by cache_dir, take a smaller canvas '
           'size, or set cache_dir=None, which cuts each canvas anew whenever it is '
           'used')


class CanvasStore:
    """The canvases of some faces.

    They are kept in ``FOLDER/canvases-KEY.npy``, uint8 of shape (N, size, size, 3), B,
    G, R, and beside it a ``.json`` with checksums. The key is made of all that the
    pixels depend on: photos (path, size and time of change), of painted faces the
    painter, boxes, settings and :data:`VERSION`. If any of it changes, another file is
    made; the least recently used ones go once there are more than ``max_gigabytes``.

    The file is mapped into memory, which all processes of a machine share. One process
    writes it, under another name until it is whole, while others wait.

    Args:
        paths: Image file of each face, or address of a painted face.
        boxes: (N, 4) as x1, y1, x2, y2 in pixels of the photo.
        size: Side of the canvases in pixels.
        context: Side of what a canvas shows, in longer sides of the box.
        folder: Where the file is kept. ``None`` keeps none: canvases are cut anew each
            time.
        max_gigabytes: Limit for all canvas files in ``folder``.
        prepared: Folders that are looked into first, and never written to.
        show_progress: Whether to show a progress bar on stderr.

    Raises:
        ValueError: An argument is out of range, a box is not finite, or an image is
            not a file.
        FileNotFoundError: An image file is missing.
    """

    def __init__(self, paths: Sequence[str], boxes: np.ndarray, size: int,
                 context: float, folder: str | os.PathLike | None,
                 max_gigabytes: float = 10., prepared: Sequence[Path] = (),
                 show_progress: bool = True) -> None:
        if not isinstance(size, int) or size < 1:
            raise ValueError(f'size must be a positive number of pixels, got {size!r}')
        if not 1 <= context < float('inf'):
            raise ValueError(f'context must be at least 1, got {context!r}')
        if not max_gigabytes > 0:
            raise ValueError(f'max_gigabytes must be positive, got {max_gigabytes!r}')
        self.paths = list(paths)
        self.context = context
        self.folder = None if folder is None else Path(folder)
        self.max_gigabytes = max_gigabytes
        self.show_progress = show_progress
        self.regions: Regions = regions_of(boxes, size, context)
        self.file: Path | None = None
        self._canvases: np.ndarray | None = None
        self._checked = np.zeros(0, bool)
        self._sums: list[int] = []
        self._shapes: list[list[int]] = []
        if folder is not None:
            self.key = self._key(np.asarray(boxes, np.float64))
            self._open(prepared)

    # ------------------------------------------------------------------- use

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Of all canvases: (N, size, size, 3)."""
        return len(self), self.regions.size, self.regions.size, 3

    @property
    def nbytes(self) -> int:
        """Memory that all canvases take."""
        return int(np.prod(self.shape))

    def read(self, index: int) -> tuple[np.ndarray, tuple[int, int]]:
        """A canvas (size, size, 3), read-only, and its whole photo's (h, w).

        A canvas whose checksum is wrong is cut from its photo again.

        Raises:
            ImageError: The photo had to be read, and cannot be.
        """
        if self.file is None:
            return self._cut(index)
        if self._canvases is None:  # in a process that was started by spawn
            self._canvases = np.load(self.file, mmap_mode='r')
        canvas = self._canvases[index]
        if not self._checked[index]:
            # Only now: checking all at the start would read gigabytes.
            if zlib.crc32(canvas.data) != self._sums[index]:
                MMLogger.get_current_instance().warning(
                    f'{self.file} is damaged: canvas {index} is cut from its photo '
                    'instead. Delete the file; the next start makes it anew')
                return self._cut(index)
            self._checked[index] = True
        return canvas, self.photo_shape(index)

    def photo_shape(self, index: int) -> tuple[int, int]:
        """(h, w) of a face's photo; needs the file."""
        height, width = self._shapes[index]
        return height, width

    def __getstate__(self) -> dict:
        # A memory map would be pickled as gigabytes of data.
        return {**vars(self), '_canvases': None}

    def _cut(self, index: int) -> tuple[np.ndarray, tuple[int, int]]:
        path = self.paths[index]
        photo, reduction, shape = read_photo(
            path, reduction=int(self.regions.reduction[index]))
        try:
            canvas = self.regions.cut(index, photo, reduction)
        except ValueError as error:
            raise ValueError(f'face {index} in {path!r}: {error}') from None
        canvas.flags.writeable = False
        return canvas, shape

    # ------------------------------------------------------------------ file

    def _key(self, boxes: np.ndarray) -> str:
        state = cache(_state_of)
        content = hashlib.sha256(json.dumps(
            [VERSION, self.regions.size, self.context, len(self)]).encode())
        for path in self.paths:
            content.update(f'{state(path)}\n'.encode(errors='surrogateescape'))
        content.update(boxes.tobytes())
        return content.hexdigest()

    def _open(self, prepared: Sequence[Path]) -> None:
        """Find the file of the key, or make it."""
        assert self.folder is not None
        name = f'canvases-{self.key[:16]}.npy'
        own = self.folder / name
        if any(self._load(folder / name) for folder in (*prepared, self.folder)):
            return
        log = MMLogger.get_current_instance()
        try:
            with lock_file(self.folder / 'canvases', lambda holder: log.info(
                    f'another process makes canvases, this one waits: {holder}')):
                if self._load(own):
                    return
                self._make_room(own)
                self._write(own)
        except PermissionError as error:
            raise PermissionError(error.errno, f'{error.strerror}: canvases cannot be '
                                  f'kept there; {_REMEDY}', error.filename) from error
        if not self._load(own):
            raise OSError(f'{own} cannot be read back after it was written: {_REMEDY}')

    def _load(self, path: Path) -> bool:
        """Whether a file holds the canvases of the key; if so, open it."""
        sidecar = path.with_suffix('.json')
        if not path.is_file() or not sidecar.is_file():
            return False
        try:
            about = read_json(sidecar)
            canvases = np.load(path, mmap_mode='r')
            sums, shapes = about['crc32'], about['shapes']
            whole = (about['key'] == self.key and canvases.shape == self.shape
                     and canvases.dtype == np.uint8
                     and len(sums) == len(shapes) == len(self))
        except (KeyError, TypeError, ValueError, OSError, EOFError):
            whole = False
        if not whole:
            MMLogger.get_current_instance().warning(
                f'{path} is cut off or damaged; its canvases are made anew')
            return False
        with contextlib.suppress(OSError):  # a folder that can only be read
            os.utime(sidecar)  # used last
        self.file, self._canvases = path, canvases
        self._sums, self._shapes = sums, shapes
        self._checked = np.zeros(len(self), bool)
        return True

    def _about(self) -> str:
        return (f'the canvases of {len(self)} faces at {self.regions.size} pixels take '
                f'{self.nbytes / 1e9:.3g} GB')

    def _make_room(self, own: Path) -> None:
        """Remove the least recently used files where the limit asks for it."""
        assert self.folder is not None
        limit = self.max_gigabytes * 1e9
        if self.nbytes > limit:
            raise ValueError(f'{self._about()}, more than max_gigabytes='
                             f'{self.max_gigabytes:g}: raise it, take a smaller canvas '
                             'size, or set cache_dir=None, which cuts each canvas anew '
                             'whenever it is used')
        kept = sorted(_canvas_files(self.folder, own))
        left = limit - self.nbytes - sum(size for _, size, _ in kept)
        for _, size, path in kept:
            if left >= 0:
                break
            MMLogger.get_current_instance().info(
                f'{path} is removed, the least recently used of the canvases: they '
                f'may take {self.max_gigabytes:g} GB')
            path.with_suffix('.json').unlink(missing_ok=True)
            path.unlink(missing_ok=True)
            left += size
        free = shutil.disk_usage(self.folder).free
        if self.nbytes > free:
            raise OSError(f'{self._about()}, but {self.folder} has {free / 1e9:.3g} GB '
                          f'left: {_REMEDY}')

    def _write(self, path: Path) -> None:
        sums, shapes = [], []
        log = MMLogger.get_current_instance()
        log.info(f'{self._about()}; they are cut once, into {path}')
        with replace_files(path, path.with_suffix('.json')) as (draft, sidecar):
            try:
                with draft.open('wb') as file:
                    np.lib.format.write_array_header_2_0(
                        file, {'descr': '|u1', 'fortran_order': False,
                               'shape': self.shape})
                    for canvas, shape in self._cut_all():
                        file.write(canvas.data)
                        sums.append(zlib.crc32(canvas.data))
                        shapes.append(shape)
                sidecar.write_text(json.dumps({
                    'key': self.key, 'made_by': f'mmwing {__version__}',
                    'size': self.regions.size, 'context': self.context,
                    'shapes': shapes, 'crc32': sums}), encoding='utf-8')
            except OSError as error:
                if error.errno not in WRITE_ERRORS:
                    raise
                raise OSError(error.errno, f'{error.strerror}: {self._about()}; '
                              f'{_REMEDY}', printable(path)) from error

    def _cut_all(self) -> Iterator[tuple[np.ndarray, tuple[int, int]]]:
        """All canvases in their order; decoding releases the GIL."""
        jobs = len(os.sched_getaffinity(0)) if hasattr(
            os, 'sched_getaffinity') else os.cpu_count() or 1
        chunk = 32 * jobs  # as many may wait for being written
        with progress_bar(self.show_progress) as bar, ThreadPoolExecutor(jobs) as pool:
            task = bar.add_task('canvases', total=len(self))
            for start in range(0, len(self), chunk):
                for result in pool.map(self._cut, range(
                        start, min(start + chunk, len(self)))):
                    bar.advance(task)
                    yield result


def read_canvases(path: Path) -> np.ndarray:
    """All canvases of a file, (N, size, size, 3) uint8, after a look at each checksum.

    Raises:
        ValueError: The file is damaged.
    """
    # Copied where it is written to, as a tensor could be; nobody does.
    canvases = np.load(path, mmap_mode='c')
    sums = read_json(path.with_suffix('.json'))['crc32']
    wrong = [index for index, canvas in enumerate(canvases)
             if zlib.crc32(canvas.data) != sums[index]]
    if wrong:
        raise ValueError(f'{path} is damaged at canvas {wrong[0]}: delete it; the next '
                         'start makes it anew')
    return canvases


def _state_of(path: str) -> str:
    """What tells whether an image is still the same."""
    if path.startswith('painted://'):
        return f'{path} {painter_digest()}'
    if '://' in path:
        raise ValueError(f'canvases are cut from image files, got {path!r}: copy the '
                         'images to a disk, or train without canvases')
    try:
        status = os.stat(path)
    except FileNotFoundError:
        raise MissingImageError(missing(path)) from None
    return f'{os.path.abspath(path)} {status.st_size} {status.st_mtime_ns}'


def _canvas_files(folder: Path, own: Path) -> Iterator[tuple[float, int, Path]]:
    """Time of last use, bytes and path of the other canvas files in a folder."""
    for path in folder.iterdir():
        sidecar = path.with_suffix('.json')
        if _NAME.fullmatch(path.name) and path != own and sidecar.is_file():
            yield sidecar.stat().st_mtime, path.stat().st_size, path
