"""Draw a sheet of faces with true and predicted landmarks."""

from collections.abc import Sequence

import numpy as np

from .tile import Tile, arrange_tiles

# BGR. Blue against orange: told apart by colour-blind readers, too.
TRUE_COLOR = (255, 200, 60)
PREDICTED_COLOR = (0, 80, 255)
LINK_COLOR = (0, 215, 255)


def draw_face(image: np.ndarray, gt: np.ndarray | None = None,
              pred: np.ndarray | None = None, size: int = 256,
              margin: float = 0.25) -> np.ndarray:
    """Crop a face to a square tile and draw its landmarks.

    Blue is the truth, orange the prediction, a yellow line joins each pair. The crop is
    around the true landmarks (the predicted ones where there is no truth), so that a
    far-off prediction may lie outside of it.

    Args:
        image: (H, W, 3) uint8, BGR.
        gt: True landmarks (K, 2) in pixels of the image, NaN where not annotated.
        pred: Predicted landmarks (K, 2) in pixels of the image.
        size: Side of the tile in pixels.
        margin: Margin around the landmarks, as a share of their longer side.

    Returns:
        (size, size, 3) uint8, BGR.

    Raises:
        ValueError: When there is neither gt nor pred with a finite point.
    """
    return _face_tile(image, gt, pred, size, margin).pixels


def _face_tile(image: np.ndarray, gt: np.ndarray | None, pred: np.ndarray | None,
               size: int, margin: float = 0.25) -> Tile:
    tile = Tile(*crop_face(image, [gt, pred], size, margin))
    if gt is not None and pred is not None:
        tile.lines(gt, pred, LINK_COLOR)
    for landmarks, color in ((gt, TRUE_COLOR), (pred, PREDICTED_COLOR)):
        if landmarks is not None:
            tile.dots(landmarks, color)
    return tile


def crop_face(image: np.ndarray, landmarks: Sequence[np.ndarray | None], size: int,
              margin: float) -> tuple[np.ndarray, float, np.ndarray]:
    """Cut a square around a face.

    Args:
        image: (H, W, 3) uint8, BGR.
        landmarks: Sets of landmarks (K, 2); the crop is around the first that has a
            finite point.
        size: Side of the tile in pixels.
        margin: Margin around the landmarks, as a share of their longer side.

    Returns:
        The tile (size, size, 3), and the scale and offset (2,) that take a point of
        the image to ``scale * point + offset`` in the tile.

    Raises:
        ValueError: When no landmark is finite.
    """
    sets = [np.asarray(points, np.float64).reshape(-1, 2)
            for points in landmarks if points is not None]
    sets = [points[np.isfinite(points).all(1)] for points in sets]
    frame = next((points for points in sets if len(points)), None)
    if frame is None:
        raise ValueError('a face needs a finite point in gt or pred')
    tile = Tile.around(image, frame, size, margin)
    return tile.pixels, tile.scale, tile.offset


def draw_face_sheet(images: Sequence[np.ndarray],
                    gt: Sequence[np.ndarray | None] | None = None,
                    pred: Sequence[np.ndarray | None] | None = None,
                    captions: Sequence[str] | None = None,
                    columns: int = 4, size: int = 192) -> np.ndarray:
    """Lay faces out in a grid, row by row.

    Args:
        images: N images (H, W, 3) uint8, BGR, of any sizes.
        gt: N arrays of true landmarks (K, 2), or None.
        pred: N arrays of predicted landmarks (K, 2), or None.
        captions: N short texts, written along the tiles' lower edges.
        columns: Faces in a row.
        size: Side of a tile in pixels.

    Returns:
        (rows * size, columns * size, 3) uint8, BGR; unused tiles are white.

    Raises:
        ValueError: When the lists differ in length or are empty.
    """
    count = len(images)
    if not count:
        raise ValueError('images is empty: there is no face to draw')
    for name, value in (('gt', gt), ('pred', pred), ('captions', captions)):
        if value is not None and len(value) != count:
            raise ValueError(
                f'{name} has {len(value)} entries for {count} images')
    tiles = []
    for index, image in enumerate(images):
        tile = _face_tile(image, None if gt is None else gt[index],
                          None if pred is None else pred[index], size)
        if captions is not None:
            tile.caption(captions[index])
        tiles.append(tile)
    return arrange_tiles(tiles, columns)
