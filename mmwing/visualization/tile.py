"""Draw points, lines and captions on square pictures of faces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mmwing.files import printable, write_bytes

from .labels import free_directions

# Points are drawn at sub-pixel positions, in 1/16 of a pixel.
_SHIFT = 4
_BORDER_COLOR = (48, 48, 48)
_INK, _PAPER = (0, 0, 0), (255, 255, 255)

Color = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Tile:
    """A square cut-out of an image and where the image's pixels are in it.

    Attributes:
        pixels: Shape (size, size, 3), uint8, BGR; drawn upon in place.
        scale: Tile pixels per image pixel.
        offset: Where the image's pixel (0, 0) is in the tile, (x, y).
    """

    pixels: np.ndarray
    scale: float
    offset: np.ndarray

    @classmethod
    def around(cls, image: np.ndarray, points: np.ndarray, size: int,
               margin: float = 0.25) -> Tile:
        """The square around points.

        Args:
            image: (H, W, 3) uint8, BGR.
            points: (K, 2) in pixels of the image, all finite, at least one.
            size: Side of the tile in pixels.
            margin: Margin around the points, as a share of their longer side.
        """
        low, high = points.min(0), points.max(0)
        side = max(float((high - low).max()), 1.0) * (1 + 2 * margin)
        return cls._cut(image, (low + high) / 2, side, size, _INK)

    @classmethod
    def whole(cls, image: np.ndarray, size: int, border: float = 0.) -> Tile:
        """The whole image, with a grey border that shows points outside of it.

        Args:
            image: (H, W, 3) uint8, BGR.
            size: Side of the tile in pixels.
            border: Width of the border as a share of the image's longer side.
        """
        height, width = image.shape[:2]
        side = max(width, height) * (1 + 2 * border)
        return cls._cut(image, np.array([width - 1, height - 1]) / 2, side, size,
                        _BORDER_COLOR)

    @classmethod
    def _cut(cls, image: np.ndarray, centre: np.ndarray, side: float, size: int,
             color: Color) -> Tile:
        scale = size / side
        # Pixel centres are at integers: the tile's centre is (size - 1) / 2.
        offset = (size - 1) / 2 - scale * centre
        transform = np.array([[scale, 0, offset[0]], [0, scale, offset[1]]])
        flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        pixels = cv2.warpAffine(image, transform, (size, size), flags=flags,
                                borderMode=cv2.BORDER_CONSTANT, borderValue=color)
        return cls(pixels, scale, offset)

    def dots(self, points: np.ndarray, color: Color, num_points: int = 0,
             radius: float | None = None) -> None:
        """Draw a disc at each finite point, given in image pixels.

        Args:
            points: (K, 2).
            color: BGR.
            num_points: Of the whole face, where these are some of its points: the
                more there are, the smaller are the discs.
            radius: In pixels of the tile; by default by their number and the tile.
        """
        if radius is None:
            radius = dot_radius(len(self.pixels), num_points or len(points))
        for centre in self._place(points):
            if centre is not None:
                cv2.circle(self.pixels, centre, round(radius * (1 << _SHIFT)), color,
                           -1, cv2.LINE_AA, _SHIFT)

    def lines(self, starts: np.ndarray, ends: np.ndarray, color: Color,
              thickness: int = 1) -> None:
        """Join each start (K, 2) to its end (K, 2), where both are finite."""
        for start, end in zip(self._place(starts), self._place(ends), strict=True):
            if start is not None and end is not None:
                cv2.line(self.pixels, start, end, color, thickness, cv2.LINE_AA,
                         _SHIFT)

    def numbers(self, points: np.ndarray, height: int,
                colors: Sequence[Color]) -> None:
        """Write each finite point's index beside it, where there is room.

        The digits are outlined, to be legible on any skin.

        Args:
            points: (K, 2) in image pixels.
            height: Of a digit, in pixels of the tile.
            colors: K colours.
        """
        font, scale = cv2.FONT_HERSHEY_SIMPLEX, height / 22
        gap = dot_radius(len(self.pixels), len(points)) + 2
        for index, (centre, direction) in enumerate(zip(
                self._place(points), free_directions(points), strict=True)):
            if centre is None:
                continue
            extent = np.array(cv2.getTextSize(str(index), font, scale, 1)[0])
            middle = (np.array(centre) / (1 << _SHIFT)
                      + direction * (gap + extent / 2))
            x, y = (middle + extent * (-.5, .5)).round().astype(int).tolist()
            for color, thickness in ((_INK, 3), (colors[index], 1)):
                cv2.putText(self.pixels, str(index), (x, y), font, scale, color,
                            thickness, cv2.LINE_AA)

    def caption(self, text: str, color: Color = _PAPER) -> None:
        """Write a text on a darkened strip along the lower edge, small if long."""
        text = printable(text)  # OpenCV ends the process at bytes that are no UTF-8
        size, font = len(self.pixels), cv2.FONT_HERSHEY_SIMPLEX
        height = min(28, max(14, size // 11))
        self.pixels[-height:] //= 3
        scale = height / 32
        width = cv2.getTextSize(text, font, scale, 1)[0][0]
        scale *= min(1, (size - 10) / max(width, 1))
        cv2.putText(self.pixels, text, (5, size - height // 4), font, scale, color, 1,
                    cv2.LINE_AA)

    def _place(self, points: np.ndarray) -> list[tuple[int, int] | None]:
        """Points in the tile, as OpenCV's fixed-point numbers; None if not finite."""
        placed = np.asarray(points, np.float64) * self.scale + self.offset
        # OpenCV's integers are of 32 bits; a far-off point is clipped, not wrapped.
        placed = np.clip(placed * (1 << _SHIFT), -2**24, 2**24)
        return [(round(x), round(y)) if np.isfinite(x + y) else None
                for x, y in placed]


def dot_radius(size: int, num_points: int) -> float:
    """Radius in pixels at which the points of a face stay apart and visible.

    Args:
        size: Side of the tile in pixels.
        num_points: Number of points of the face.
    """
    return max(1., size / max(24 * num_points**0.5, 50))


def arrange_tiles(tiles: Sequence[Tile], columns: int) -> np.ndarray:
    """Lay tiles of one size out in a grid, row by row; unused places are white.

    Raises:
        ValueError: When there is no tile, or columns is not positive.
    """
    if not tiles:
        raise ValueError('tiles is empty: there is nothing to draw')
    if columns < 1:
        raise ValueError(f'columns must be at least 1, got {columns}')
    columns = min(columns, len(tiles))
    size = len(tiles[0].pixels)
    rows = -(-len(tiles) // columns)
    sheet = np.full((rows * size, columns * size, 3), 255, np.uint8)
    for index, tile in enumerate(tiles):
        row, column = divmod(index, columns)
        sheet[row * size:(row + 1) * size,
              column * size:(column + 1) * size] = tile.pixels
    return sheet


def save_picture(path: str | Path, picture: np.ndarray) -> None:
    """Write a picture (BGR, uint8) to a file; folders are made.

    Raises:
        ValueError: If the suffix names no format that OpenCV writes.
    """
    path = Path(path)
    try:
        _, data = cv2.imencode(path.suffix or '.none', picture)
    except cv2.error:
        raise ValueError(f'the suffix of {str(path)!r} names no picture format; use '
                         '.png or .jpg') from None
    write_bytes(path, data.tobytes())
