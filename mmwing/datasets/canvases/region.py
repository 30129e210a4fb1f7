"""Which part of a photo a canvas holds, and how to cut it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mmwing.datasets.formats.photo import REDUCTIONS

#: Longest side in pixels, after decoding at a reduced scale, of what a canvas is cut
#: from. A box that needs more is a mistake, and would take gigabytes.
MAX_SIDE = 2**14


@dataclass(frozen=True)
class Regions:
    """Squares of whole pixels, one a face.

    A face that is smaller than its canvas is copied pixel by pixel, with more of its
    photo; a larger one is shrunk, by the mean over pixels to a whole fraction of its
    size, then by cubic interpolation.

    Attributes:
        corner: First pixel (x, y) in the photo, (N, 2) int64; may lie outside of it.
        side: In pixels of the photo, (N,) int64, at least ``size``.
        reduction: Scale, as 1/n, at which the photo may be decoded for it, (N,).
            Corners and sides are multiples of it.
        size: Side of the canvases in pixels.
    """

    corner: np.ndarray
    side: np.ndarray
    reduction: np.ndarray
    size: int

    def matrix(self, index: int) -> np.ndarray:
        """(2, 3) float64, from pixels of the photo to pixels of the canvas."""
        scale = self.size / self.side[index]
        x, y = self.corner[index]
        # The outer edge of the first pixel, at -0.5, stays at -0.5.
        shift = (scale - 1) / 2
        return np.array([[scale, 0, shift - x * scale], [0, scale, shift - y * scale]])

    def cut(self, index: int, photo: np.ndarray, reduction: int) -> np.ndarray:
        """Cut a canvas (size, size, 3) uint8; black outside of the photo.

        Args:
            index: Of the face.
            photo: Pixels (h, w, 3) uint8.
            reduction: At which ``photo`` was decoded: 1, or that of the face.

        Raises:
            ValueError: The region is too large to be that of a face.
        """
        side = int(self.side[index]) // reduction
        if side > MAX_SIDE:
            raise ValueError(f'its box needs a region of {self.side[index]} pixels, '
                             'which cannot be a face: correct the box')
        x, y = (int(value) // reduction for value in self.corner[index])
        height, width = photo.shape[:2]
        left, right = (min(max(value, 0), width) for value in (x, x + side))
        top, bottom = (min(max(value, 0), height) for value in (y, y + side))
        whole = photo[top:bottom, left:right]
        if whole.shape[:2] != (side, side):
            inner, whole = whole, np.zeros((side, side, 3), np.uint8)
            whole[top - y:bottom - y, left - x:right - x] = inner
        if side == self.size:
            return np.ascontiguousarray(whole)
        whole_factor = side // self.size
        if whole_factor > 1:
            side = round(side / whole_factor)
            whole = cv2.resize(whole, (side, side), interpolation=cv2.INTER_AREA)
        # The canvas is resampled once more for the crop. With the mean over pixels here
        # as well, crops would be less sharp than those cut from the photo.
        return cv2.resize(whole, (self.size, self.size), interpolation=cv2.INTER_CUBIC)


def check_covered(centre: np.ndarray, reach: np.ndarray, photo: tuple[int, int],
                  matrix: np.ndarray, size: int, name: object) -> None:
    """See that a canvas holds all of its photo that a crop may show.

    Args:
        centre: Of the crop, (2,) in pixels of the photo.
        reach: How far the crop may go from there along x and y, (2,).
        photo: (h, w) of the photo.
        matrix: (2, 3), from the photo to the canvas.
        size: Side of the canvas.
        name: What the message calls the face's image.

    Raises:
        ValueError: It does not: the crop would be black where the photo is not.
    """
    scale, edge = matrix[0, 0], np.array([photo[1], photo[0]]) - 0.5
    low = np.maximum(centre - reach, -0.5) * scale + matrix[:, 2]
    high = np.minimum(centre + reach, edge) * scale + matrix[:, 2]
    # Half a pixel of the canvas is lost in rounding its corner.
    missing = max(-0.5 - low.min(), high.max() - (size - 0.5))
    if missing > 0.75 and (high > low).all():
        raise ValueError(
            f'the canvas of the face in {name!r} does not show all that its crop may: '
            f'{missing / scale:.0f} pixels of the photo are missing. Set a larger '
            'context of CanvasDataset, or a smaller jitter, rotation or box')


def regions_of(boxes: np.ndarray, size: int, context: float) -> Regions:
    """Regions of faces.

    Args:
        boxes: (N, 4) as x1, y1, x2, y2 in pixels of the photo.
        size: Side of the canvases in pixels.
        context: Side of a region, in longer sides of the box.

    Raises:
        ValueError: A box is not finite.
    """
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    wrong = np.flatnonzero(~np.isfinite(boxes).all(1))
    if len(wrong):
        raise ValueError(f'the box of face {wrong[0]} is not finite: '
                         f'{boxes[wrong[0]].tolist()}; correct the annotation')
    longer = (boxes[:, 2:] - boxes[:, :2]).max(1)
    side = np.maximum(np.ceil(longer * context), size)
    steps = np.array(REDUCTIONS)
    reduction = steps[np.searchsorted(steps, side / size, side='right') - 1]
    # One more where it is not a copy, because corners are rounded to whole ones.
    side = np.where(side > size, side + reduction, side)
    side = np.ceil(side / reduction).astype(np.int64) * reduction
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    corner = np.rint(centre - (side[:, None] - 1) / 2)
    corner = (np.rint(corner / reduction[:, None]).astype(np.int64)
              * reduction[:, None])
    return Regions(corner, side, reduction, size)
