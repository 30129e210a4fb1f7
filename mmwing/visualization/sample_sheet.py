"""Draw a sheet of crops as the network gets them."""

from collections.abc import Sequence

import numpy as np

from .face_sheet import TRUE_COLOR
from .tile import Tile, arrange_tiles


def draw_sample_sheet(images: Sequence[np.ndarray], points: Sequence[np.ndarray],
                      columns: int = 8, size: int = 128) -> np.ndarray:
    """Lay crops out in a grid, whole, with a border that shows points outside.

    Args:
        images: N images (H, W, 3) uint8, BGR.
        points: N arrays (K, 2) in pixels of the images, NaN where not annotated.
        columns: Crops in a row.
        size: Side of a tile in pixels.

    Returns:
        (rows * size, columns * size, 3) uint8, BGR; unused tiles are white.

    Raises:
        ValueError: When there is no image, or the lists differ in length.
    """
    if len(points) != len(images):
        raise ValueError(f'points has {len(points)} entries for {len(images)} images')
    tiles = []
    for image, landmarks in zip(images, points, strict=True):
        tile = Tile.whole(image, size, border=0.04)
        tile.dots(landmarks, TRUE_COLOR)
        tiles.append(tile)
    return arrange_tiles(tiles, columns)
