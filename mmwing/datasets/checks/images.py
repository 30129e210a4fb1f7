"""Whether images can be read, show anything, and have the size that files say."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from mmwing.datasets.formats.problems import Kind
from mmwing.datasets.formats.records import LandmarkRecord
from mmwing.images import (
    ImageError,
    MissingImageError,
    decode_image,
    is_turned,
    read_image_file,
)

# Grey levels. JPEG makes as much of one colour.
_LARGEST_RANGE_OF_BLANK = 4


@dataclass(frozen=True)
class ImageFacts:
    """What is known of an image after decoding it.

    Attributes:
        problem: Why it cannot be used; None if it can.
        size: Width and height in pixels, as MMPose sees them.
        turned: Whether OpenCV turned it as its EXIF data asks.
        blank: Whether it has one colour all over.
        digest: The same for files of the same content.
    """

    problem: tuple[Kind, str] | None = None
    size: tuple[int, int] | None = None
    turned: bool = False
    blank: bool = False
    digest: str = ''


def read_images(records: Sequence[LandmarkRecord],
                jobs: int | None) -> dict[str, ImageFacts]:
    """Decode the image of every face, each once; by path.

    Args:
        records: The faces.
        jobs: Images to decode at a time; None is one for each processor.
    """
    paths = list(dict.fromkeys(record.image_path for record in records))
    # Reading and decoding release the GIL.
    with ThreadPoolExecutor(jobs or os.cpu_count()) as executor:
        return dict(zip(paths, executor.map(_read_image, paths), strict=True))


def _read_image(path: str) -> ImageFacts:
    try:
        data = read_image_file(path)
        pixels = decode_image(data, path)
    except MissingImageError as error:
        return ImageFacts((Kind.MISSING_IMAGE, str(error)))
    except ImageError as error:
        return ImageFacts((Kind.UNREADABLE_IMAGE, str(error)))
    return ImageFacts(None, (pixels.shape[1], pixels.shape[0]), is_turned(data),
                      is_blank(pixels), image_digest(data))


def is_blank(pixels: np.ndarray) -> bool:
    """Whether pixels (H, W) or (H, W, C), uint8, have one colour all over."""
    flat = pixels.reshape(pixels.shape[0] * pixels.shape[1], -1)
    spread = flat.max(0).astype(int) - flat.min(0)
    return bool(spread.max() <= _LARGEST_RANGE_OF_BLANK)


def image_digest(data: bytes) -> str:
    """A name for the content of an image file."""
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


def image_findings(record: LandmarkRecord,
                   image: ImageFacts) -> Iterator[tuple[Kind, str]]:
    """What is wrong with the image of a face."""
    if image.problem:
        yield image.problem
    if image.turned:
        yield (Kind.EXIF, 'OpenCV and MMPose turn this image as its EXIF data asks; '
                          'see that the points are those of the turned image')
    if image.blank:
        yield blank_finding()
    if image.size and record.size and image.size != record.size:
        yield (Kind.RANGE, f'the file says {record.size[0]:g}x{record.size[1]:g} '
                           f'pixels, the image has {image.size[0]}x{image.size[1]}')


def blank_finding() -> tuple[Kind, str]:
    """What is said of an image that is blank."""
    return Kind.BLANK, 'the image has one colour all over: was it read or copied whole?'
