"""Draw the mean face and faces with numbered points and flip pairs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .tile import Color, Tile, arrange_tiles

# BGR. The point of a pair on the picture's left, that on its right, and points
# without a partner.
LEFT_COLOR: Color = (0, 140, 255)
RIGHT_COLOR: Color = (255, 170, 0)
MIDLINE_COLOR: Color = (80, 220, 80)
_PAIR_COLOR: Color = (110, 110, 110)
_LINK_COLOR: Color = (200, 200, 200)
_WARNING_COLOR: Color = (80, 120, 255)
_MEAN_MARGIN = 0.12


def point_colors(mean_shape: np.ndarray, flip_indices: np.ndarray) -> list[Color]:
    """One colour a point, by its side in the mean face: see the constants above."""
    x = mean_shape[:, 0]
    return [MIDLINE_COLOR if other == index else
            LEFT_COLOR if x[index] < x[other] else RIGHT_COLOR
            for index, other in enumerate(flip_indices)]


def draw_numbered_sheet(mean_shape: np.ndarray,
                        flip_indices: Sequence[int] | np.ndarray,
                        images: Sequence[np.ndarray], points: Sequence[np.ndarray],
                        captions: Sequence[str], warnings: Sequence[bool],
                        links: Sequence[tuple[int, int]] = (),
                        title: str = 'mean face',
                        columns: int = 3, size: int = 560) -> np.ndarray:
    """Draw the mean face with its flip pairs, then faces with numbered points.

    In the mean face a grey line joins each flip pair: right pairs give level,
    parallel lines.

    Args:
        mean_shape: (K, 2), any unit, y downwards; NaN is not drawn.
        flip_indices: (K,): the point that each one becomes in a mirrored face.
        images: N images (H, W, 3) uint8, BGR.
        points: N arrays (K', 2) in pixels of the image, NaN where not annotated;
            K' need not be K, for a face with too many points is worth a look.
        captions: N short texts.
        warnings: N flags: the caption stands out.
        links: Pairs of points to join, the contours.
        title: Caption of the mean face.
        columns: Tiles in a row.
        size: Side of a tile in pixels.

    Returns:
        (rows * size, columns * size, 3) uint8, BGR.

    Raises:
        ValueError: When the lists differ in length or a shape does not fit.
    """
    mean_shape, flips = np.asarray(mean_shape), np.asarray(flip_indices, int)
    if mean_shape.shape != (len(flips), 2):
        raise ValueError(f'mean_shape must have the shape ({len(flips)}, 2), as there '
                         f'are {len(flips)} flip_indices; got {mean_shape.shape}')
    for name, value in (('points', points), ('captions', captions),
                        ('warnings', warnings)):
        if len(value) != len(images):
            raise ValueError(f'{name} has {len(value)} entries for {len(images)} '
                             'images')
    tiles = [_mean_tile(mean_shape, flips, links, title, size)]
    colors = point_colors(mean_shape, flips)
    for image, face, caption, warning in zip(images, points, captions, warnings,
                                             strict=True):
        known = np.isfinite(face).all(1)
        tile = (Tile.around(image, face[known], size) if known.any()
                else Tile.whole(image, size))
        _mark(tile, face, colors, links)
        tile.caption(caption, _WARNING_COLOR if warning else (255, 255, 255))
        tiles.append(tile)
    return arrange_tiles(tiles, columns)


def _mean_tile(mean_shape: np.ndarray, flips: np.ndarray,
               links: Sequence[tuple[int, int]], title: str, size: int) -> Tile:
    known = mean_shape[np.isfinite(mean_shape).all(1)]
    blank = np.full((1, 1, 3), 24, np.uint8)
    if len(known):
        tile = Tile.around(blank, known, size, _MEAN_MARGIN)
        tile.pixels[:] = 24
        first = np.flatnonzero(flips > np.arange(len(flips)))
        tile.lines(mean_shape[first], mean_shape[flips[first]], _PAIR_COLOR)
        _mark(tile, mean_shape, point_colors(mean_shape, flips), links)
    else:
        tile = Tile.whole(blank, size)
    tile.caption(title)
    return tile


def _mark(tile: Tile, face: np.ndarray, colors: list[Color],
          links: Sequence[tuple[int, int]]) -> None:
    size = len(tile.pixels)
    if len(face) != len(colors):  # another number of points: which is which?
        colors, links = [MIDLINE_COLOR] * len(face), ()
    if links:
        starts, ends = np.array(links).T
        tile.lines(face[starts], face[ends], _LINK_COLOR)
    for color in set(colors):
        rows = [other == color for other in colors]
        tile.dots(face[rows], color, len(face))
    # Sixty points and more need small digits to stay apart.
    tile.numbers(face, round(size / 56) if len(face) > 40 else round(size / 40),
                 colors)
