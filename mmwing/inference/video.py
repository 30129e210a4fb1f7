"""Read videos and cameras frame by frame, and write drawn ones."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

from mmwing.files import check_regular_file, printable, replace_file

#: Suffixes of the files that are taken for videos.
VIDEO_SUFFIXES = ('.mp4', '.m4v', '.mov', '.avi', '.mkv', '.webm', '.mpg', '.mpeg',
                  '.wmv', '.flv', '.3gp', '.ts', '.mts', '.m2ts', '.ogv')

# Of files that name no rate, and of cameras.
_USUAL_RATE = 25.
# The number of frames that other files than AVI name is at times that of their
# duration, or counts what is cut away: few may be missing.
_EXACT = '.avi'
_FEW, _FEW_SHARE = 2, 0.02
_MP4_PARTS = (b'ftyp', b'moov', b'mdat', b'free', b'skip', b'wide', b'udta', b'uuid',
              b'meta', b'moof', b'mfra', b'styp', b'sidx')


class VideoError(ValueError):
    """A video exists and cannot be decoded, or a camera cannot be opened."""


class Video:
    """The frames of a video file, or of a camera.

    Args:
        source: Path or address of a file, or the number of a camera.

    Attributes:
        frame_rate: Frames a second. 25 where the file names none.
        size: (width, height) of the first frame, in pixels.
        live: Whether it is a camera, which has no end.
        named_frames: How many frames the file says it has; 0 if it does not.
        problem: After the last frame, what was missing, if anything.

    Raises:
        VideoError: If it cannot be opened, or not a frame can be decoded.
        ValueError: If it is a pipe or device.
    """

    def __init__(self, source: str | int) -> None:
        self.live = isinstance(source, int)
        self._name = f'camera {source}' if self.live else printable(str(source))
        self._source = source
        if isinstance(source, str) and '://' not in source:
            try:
                check_regular_file(source)
            except OSError as error:
                raise VideoError(f'{self._name} cannot be read: '
                                 f'{error.strerror}') from error
        self._capture = cv2.VideoCapture(source)
        opened = self._capture.isOpened()
        read, frame = self._capture.read() if opened else (False, None)
        if not read or frame is None:
            self.close()
            if self.live:
                raise VideoError(f'{self._name} cannot be opened: there is none of '
                                 'that number, or another program uses it')
            raise VideoError(
                f'{self._name} cannot be decoded: ' + (
                    'it has no frame that is whole' if opened else
                    'it is no video, or damaged or cut off, or of a kind that OpenCV '
                    'does not decode'))
        self._first: np.ndarray = frame
        self.size: tuple[int, int] = (frame.shape[1], frame.shape[0])
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self.frame_rate = rate if 0 < rate <= 1000 else _USUAL_RATE
        named = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self.named_frames = round(named) if not self.live and 0 < named < 1e9 else 0
        self.problem: str | None = None

    def __iter__(self) -> Iterator[tuple[int, float, np.ndarray]]:
        """Index, time in seconds and (H, W, 3) uint8, BGR, of each frame.

        The time of a file's frame is by its frame rate, that of a camera's by the
        clock. Both start at 0.
        """
        start = time.perf_counter()
        frame: np.ndarray | None = self._first
        index = 0
        while frame is not None:
            now = time.perf_counter() - start if self.live else index / self.frame_rate
            yield index, now, frame
            index += 1
            read, frame = self._capture.read()
            if not read:
                frame = None
        if self.live:
            self.problem = f'{self._name} gives no more frames'
            return
        path = str(self._source)
        allowed = 0 if path.lower().endswith(_EXACT) else max(
            _FEW, _FEW_SHARE * self.named_frames)
        if self.named_frames - index > allowed or (
                '://' not in path and _is_cut_off(path)):
            self.problem = (
                f'{self._name} is damaged or cut off: {index} of the '
                f'{self.named_frames} frames that it names could be read. They were '
                'kept')

    def close(self) -> None:
        """Let go of the file or camera."""
        self._capture.release()

    def __enter__(self) -> Video:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _is_cut_off(path: str) -> bool:
    """Whether an AVI or MP4 names parts that end after the file does.

    OpenCV may decode the upper half of a last frame that is cut off, and be content.
    """
    size, place = os.path.getsize(path), 0
    with open(path, 'rb') as file:
        while place < size:
            file.seek(place)
            head = file.read(16)
            if head.startswith(b'RIFF'):
                length = 8 + int.from_bytes(head[4:8], 'little')
            elif head[4:8] in _MP4_PARTS:
                length = int.from_bytes(head[:4], 'big')
                if length == 1:
                    length = int.from_bytes(head[8:], 'big')
            else:
                return False
            # Nought is for up to the end, or was never filled in.
            if length < 8 or head[:8] == b'RIFF\0\0\0\0':
                return False
            place += length
    # An odd part of an AVI is followed by one more byte, or is not.
    return place > size + 1


@contextmanager
def write_video(path: Path, frame_rate: float) -> Iterator[Callable]:
    """Write an MP4 (MPEG-4) under another name and rename it when it is complete.

    Args:
        path: The file. When the block raises, it is as it was.
        frame_rate: Frames a second.

    Yields:
        A function that takes the next picture, (H, W, 3) uint8, BGR. All are brought to
        the size of the first. There has to be one.

    Raises:
        ValueError: If this OpenCV has no encoder for it.
        OSError: If it cannot be written in full.
    """
    with replace_file(path) as draft:
        writer: cv2.VideoWriter | None = None
        size, count = (0, 0), 0

        def write(picture: np.ndarray) -> None:
            nonlocal writer, size, count
            if writer is None:
                size = picture.shape[1], picture.shape[0]
                writer = cv2.VideoWriter(
                    str(draft), cv2.VideoWriter.fourcc(*'mp4v'), frame_rate, size)
                if not writer.isOpened():
                    raise ValueError(
                        f'{printable(path)} cannot be written: this OpenCV has no '
                        'encoder for MPEG-4; --no-drawings leaves drawings out')
            if picture.shape[1::-1] != size:
                picture = cv2.resize(picture, size)
            writer.write(picture)
            count += 1

        try:
            yield write
        finally:
            if writer is not None:
                writer.release()
        # OpenCV does not say that a disk is full.
        written = cv2.VideoCapture(str(draft))
        complete = round(written.get(cv2.CAP_PROP_FRAME_COUNT)) == count
        written.release()
        if not complete:
            raise OSError(f'{printable(path)} could not be written in full: is the '
                          'disk full?')
