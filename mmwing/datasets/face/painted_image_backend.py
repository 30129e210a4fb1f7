"""Serve painted faces as image files, for code that reads images by path."""

import re
from pathlib import Path

import cv2
from mmengine.fileio import BaseStorageBackend, register_backend

from .painter import paint_face

_PREFIX = 'painted'
_ADDRESS = re.compile(rf'{_PREFIX}://(\d+)/seed(\d+)/(\d+)\.png')


def painted_image_path(seed: int, index: int, image_size: int) -> str:
    """Address of a painted face: what a file's path is to other data sets.

    Args:
        seed: Which series of faces.
        index: Number of the face in the series.
        image_size: Side of the square picture in pixels.

    Returns:
        For instance ``painted://128/seed1/000012.png``, which MMEngine's
        ``fileio.get`` and ``mmcv.imread`` read.
    """
    return f'{_PREFIX}://{image_size}/seed{seed}/{index:06d}.png'


@register_backend(_PREFIX, prefixes=_PREFIX)
class PaintedImageBackend(BaseStorageBackend):
    """MMEngine's file backend for the addresses of painted faces.

    MMPose's visualization hooks and its Inferencer read images by their path. Painted
    faces have none; they are painted when they are asked for.
    """

    def get(self, filepath: str | Path) -> bytes:
        """Paint a face.

        Args:
            filepath: See :func:`painted_image_path`.

        Returns:
            The picture as a PNG file.

        Raises:
            FileNotFoundError: If there is no painted face of that address.
        """
        match = _ADDRESS.fullmatch(str(filepath))
        if match is None:
            raise FileNotFoundError(
                f'there is no painted face {str(filepath)!r}; an address is '
                f'{painted_image_path(0, 12, 128)!r}')
        image_size, seed, index = map(int, match.groups())
        return cv2.imencode('.png', paint_face(seed, index, image_size)[0])[1].tobytes()

    def get_text(self, filepath: str | Path, encoding: str = 'utf-8') -> str:
        """Refuse: a painted face is not text.

        Raises:
            ValueError: Always.
        """
        raise ValueError(f'{str(filepath)!r} is a picture, no text')
