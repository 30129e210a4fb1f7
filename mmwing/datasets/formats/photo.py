"""Read the photos of a data set, no finer than asked for."""

from __future__ import annotations

import numpy as np

from mmwing.files import printable
from mmwing.images import (
    ImageError,
    MissingImageError,
    decode_image,
    image_size,
    is_turned,
    read_image_file,
)

#: Shares of both sides, as 1/n, that a JPEG can be decoded at.
REDUCTIONS = (1, 2, 4, 8)


def read_photo(path: str, backend_args: dict | None = None, reduction: int = 1
               ) -> tuple[np.ndarray, int, tuple[int, int]]:
    """Read and decode the image of a sample.

    Args:
        path: Of the file, or an address that MMEngine reads.
        backend_args: See :func:`mmwing.images.read_image_file`.
        reduction: 1, 2, 4 or 8. A JPEG is decoded at 1 / ``reduction`` of its sides,
            each pixel the mean of ``reduction`` x ``reduction`` ones (libjpeg does
            that in a fraction of the time); other files in full, and so are those that
            must be turned, which shifts a reduced one by a part of a pixel.

    Returns:
        The pixels (h, w, 3) uint8, BGR; the reduction that was applied; and the whole
        photo's (h, w).

    Raises:
        MissingImageError: If there is no such file; says what would do.
        ImageError: If it cannot be decoded in full.
    """
    try:
        data = read_image_file(path, backend_args)
        size = None
        if reduction > 1 and data.startswith(b'\xff\xd8') and not is_turned(data):
            size = image_size(data)
        image = decode_image(data, path, reduction=reduction if size else 1)
    except MissingImageError:
        raise MissingImageError(missing(path)) from None
    except ImageError as error:
        raise ImageError(f'the image {error}. Replace it, or take it out of the '
                         'annotation file') from error
    if size is None:
        height, width = image.shape[:2]
        return image, 1, (height, width)
    return image, reduction, (size[1], size[0])


def missing(path: str) -> str:
    """What is said of an image that is not there."""
    return (f'the image {printable(path)!r} does not exist: put it there, point '
            'data_root and data_prefix at the folder of the images, or take it out of '
            'the annotation file')
