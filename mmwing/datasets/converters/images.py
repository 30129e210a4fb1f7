"""Copy, link or crop images into the prepared data set."""

from __future__ import annotations

import functools
import math
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from mmwing.datasets.checks.images import blank_finding, image_digest, is_blank
from mmwing.datasets.checks.place import place_findings
from mmwing.datasets.formats.boxes import Box, landmark_box
from mmwing.datasets.formats.problems import Kind, Problem, is_broken
from mmwing.files import path_below, replace_file
from mmwing.images import (
    ImageError,
    MissingImageError,
    decode_image,
    image_size,
    is_turned,
    read_image_file,
)

from .face import Face
from .sources import ImageFile, ImageSource, VideoFrame

_LOSSY = ('.jpg', '.jpeg')

#: Below ``OUT``, for images that are not complete.
SCRATCH_FOLDER = '.partial'


@dataclass(frozen=True)
class ImagePlan:
    """How images are brought over.

    Args:
        mode: 'copy' or 'link' whole images, or 'crop' each face. Images inside
            videos and ``.mat`` files are written out by 'copy' and 'link'.
        crop: Side of the square crop as a multiple of the landmark box's
            longer side.
        size: Larger crops are reduced to this many pixels; None keeps them.

    Raises:
        ValueError: If the arguments do not fit each other.
    """

    mode: str = 'copy'
    crop: float | None = None
    size: int | None = None

    def __post_init__(self) -> None:
        if self.mode not in ('copy', 'link', 'crop'):
            raise ValueError(f"images must be 'copy', 'link' or 'crop', got "
                             f'{self.mode!r}')
        if (self.mode == 'crop') != (self.crop is not None):
            raise ValueError(f"crop goes with images='crop', got images={self.mode!r} "
                             f'and crop={self.crop}')
        if self.crop is not None and not 1 <= self.crop <= 10:
            raise ValueError(f'crop must be 1 to 10 times the landmark box, got '
                             f'{self.crop}')
        if self.size is not None and (self.crop is None or self.size < 1):
            raise ValueError(f'size must be at least 1 pixel and goes with crop, got '
                             f'size={self.size} and crop={self.crop}')


@dataclass(frozen=True)
class Window:
    """A square cut out of an image, and its side in the output.

    Attributes:
        left, top: First pixel of the square; beyond the border it is black.
        side: Side in pixels of the source.
        out: Side in pixels of the output.
    """

    left: int
    top: int
    side: int
    out: int

    @classmethod
    def around(cls, keypoints: np.ndarray, factor: float,
               size: int | None) -> Window:
        """The window around the landmarks, see :class:`ImagePlan`."""
        x, y, w, h = landmark_box(keypoints)
        side = max(1, math.ceil(factor * max(w, h)))
        # Pixel centres are whole numbers: n of them span n - 1.
        left = round(x + w / 2 - (side - 1) / 2)
        top = round(y + h / 2 - (side - 1) / 2)
        return cls(left, top, side, side if size is None else min(side, size))

    @property
    def zoom(self) -> float:
        """Output pixels per source pixel."""
        return self.out / self.side

    def points(self, keypoints: np.ndarray) -> np.ndarray:
        """Pixel centres (K, 2) of the source in pixel centres of the output."""
        return (keypoints - (self.left, self.top) + 0.5) * self.zoom - 0.5

    def box(self, box: Box) -> Box:
        """The same for a box."""
        x, y = self.points(np.array(box[:2]))
        return float(x), float(y), box[2] * self.zoom, box[3] * self.zoom

    def file_name(self, whole: str) -> str:
        """The crop's name: that of the whole image, and the window.

        A repaired annotation thus never meets the crop of the broken one.
        """
        path = Path(whole)
        suffix = '.jpg' if path.suffix.lower() in _LOSSY else '.png'
        return path.with_name(
            f'{path.stem}.{self.left}_{self.top}_{self.side}{suffix}').as_posix()

    def inside(self, width: int, height: int) -> tuple[slice, slice]:
        """Rows and columns of the output in which the image is, not the border."""
        low, high = self.points(np.array([[-0.5, -0.5], [width - 0.5, height - 0.5]]))
        # Resizing mixes a pixel or two of the border in.
        left, top = np.clip(np.ceil(low + 0.5) + 2 * (low > 0), 0, self.out - 1)
        right, bottom = np.clip(np.floor(high + 0.5) - 2 * (high < self.out), 1,
                                self.out)
        return slice(int(top), int(bottom)), slice(int(left), int(right))

    def cut(self, image: Image.Image) -> Image.Image:
        """The pixels; reduced with an antialiasing filter."""
        patch = image.crop((self.left, self.top, self.left + self.side,
                            self.top + self.side))
        if self.out == self.side:
            return patch
        return patch.resize((self.out, self.out), Image.Resampling.BILINEAR)


@dataclass(frozen=True)
class Placed:
    """A face whose image is in place.

    Attributes:
        face: The face.
        file_name: Its image below ``OUT/images``.
        width, height: Size of that image in pixels.
        digest: The same for images of the same content.
        window: What was cut out; None for a whole image.
    """

    face: Face
    file_name: str
    width: int
    height: int
    digest: str
    window: Window | None = None


class ImagePlacer:
    """Puts the images of faces below ``OUT/images``; safe to call from threads.

    A file appears under its name only when it is complete, so what exists is
    done and is skipped by the next run.

    Args:
        out: The directory ``OUT``.
        plan: How images are brought over.
    """

    def __init__(self, out: Path, plan: ImagePlan) -> None:
        self.out = out
        self.images = out / 'images'
        self.scratch = out / SCRATCH_FOLDER
        self.plan = plan

    def target(self, name: str) -> Path:
        """Where an image goes: below ``OUT``, whatever its name or links say.

        Raises:
            ValueError: The name, or a link in ``OUT``, leads out.
        """
        path = path_below(self.images, name)
        return path_below(self.out, path.relative_to(self.out).as_posix(),
                          follow_links=False)

    def place(self, faces: list[Face]) -> list[Placed | Problem]:
        """Bring over one image.

        Args:
            faces: The faces in the image.

        Returns:
            What was done for each face, and what was wrong.
        """
        try:
            if self.plan.crop is None:
                return self._whole(faces)
            return self._crops(faces, self.plan.crop)
        except ImageError as error:
            kind = (Kind.MISSING_IMAGE if isinstance(error, MissingImageError)
                    else Kind.UNREADABLE_IMAGE)
            return [Problem(kind, face.where, str(error)) for face in faces]

    def _whole(self, faces: list[Face]) -> list[Placed | Problem]:
        source, name = faces[0].image, faces[0].file_name
        target = self.target(name)
        results: list[Placed | Problem] = []
        done = target.exists()
        turned = False
        if done or isinstance(source, ImageFile):
            path = target if done else source.path
            data = read_image_file(path)
            turned = is_turned(data)
            pixels = decode_image(data, path, turn=False)
        else:
            pixels = source.read()
        if not done:
            if not isinstance(source, ImageFile):
                self._write(target, functools.partial(_save, _picture(pixels)))
            elif self.plan.mode == 'link':
                self._write(target, functools.partial(
                    os.symlink, os.path.abspath(source.path)))
            else:
                self._write(target, functools.partial(shutil.copyfile, source.path))
        if turned:
            results.append(Problem(
                Kind.EXIF, faces[0].where,
                'OpenCV and MMPose turn this image, the landmarks do not follow; '
                'kept. Crops are not affected'))
        if is_blank(pixels):
            results.append(_problem(faces[0], blank_finding()))
        digest = image_digest(target.read_bytes())
        for face in faces:
            problems = _misplaced(face, _size(pixels))
            results += problems
            if not is_broken(problems):
                results.append(Placed(face, name, *_size(pixels), digest))
        return results

    def _crops(self, faces: list[Face], factor: float) -> list[Placed | Problem]:
        image = size = None
        results: list[Placed | Problem] = []
        for face in faces:
            window = Window.around(face.keypoints, factor, self.plan.size)
            name = window.file_name(face.file_name)
            target = self.target(name)
            done = target.exists()
            if not done and image is None:
                image = _picture(face.image.read())
            if size is None:
                size = image.size if image else _source_size(face.image)
            problems = _misplaced(face, size)
            results += problems
            if is_broken(problems):
                continue
            if not done:
                assert image is not None
                patch = window.cut(image)
                self._write(target, functools.partial(_save, patch))
            data = read_image_file(target)
            pixels = decode_image(data, target)
            if is_blank(pixels[window.inside(*size)] if size else pixels):
                results.append(_problem(face, blank_finding()))
            results.append(Placed(face, name, window.out, window.out,
                                  image_digest(data), window))
        return results

    def _write(self, target: Path, write: Callable[[Path], object]) -> None:
        if target.is_symlink():
            target.unlink()  # to an image that is gone; writing would follow it
        # Not waiting for the disk: that would take longer than the images do.
        with replace_file(target, scratch=self.scratch, sync=False) as draft:
            write(draft)


def _size(pixels: np.ndarray) -> tuple[int, int]:
    return pixels.shape[1], pixels.shape[0]


def _picture(pixels: np.ndarray) -> Image.Image:
    """Pixels (H, W, 3), BGR, to be cut and saved; grey ones are saved as grey."""
    if (pixels == pixels[..., :1]).all():
        return Image.fromarray(np.ascontiguousarray(pixels[..., 0]))
    return Image.fromarray(np.ascontiguousarray(pixels[..., ::-1]))


def _save(image: Image.Image, path: Path) -> None:
    # Other formats ignore what JPEG asks for.
    image.save(path, quality=95, subsampling=0)


def _source_size(source: ImageSource) -> tuple[int, int] | None:
    """Width and height of an image whose crops are there already.

    None where that would take decoding a video, or the image is gone.
    """
    if isinstance(source, VideoFrame):
        return None
    try:
        known = (image_size(read_image_file(source.path))
                 if isinstance(source, ImageFile) else None)
        return known or _size(source.read())
    except ImageError:
        return None


def _misplaced(face: Face, size: tuple[int, int] | None) -> list[Problem]:
    """Where the landmarks do not lie in an image of this size."""
    return [_problem(face, finding) for finding in place_findings(face.record, size)]


def _problem(face: Face, finding: tuple[Kind, str]) -> Problem:
    return Problem(finding[0], face.where, finding[1])
