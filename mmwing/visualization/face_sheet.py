"""A sheet of faces with their true and predicted landmarks."""

from collections.abc import Sequence

import cv2
import numpy as np

TRUE_COLOR = (80, 220, 80)  # BGR
PREDICTED_COLOR = (60, 60, 255)
LINK_COLOR = (0, 215, 255)
# Landmarks are drawn with sub-pixel positions, in 1/16 of a pixel.
_SHIFT = 4


def draw_face(image: np.ndarray, gt: np.ndarray | None = None,
              pred: np.ndarray | None = None, size: int = 256,
              margin: float = 0.25) -> np.ndarray:
    """Crop a face to a square tile and draw its landmarks.

    Green is the truth, red the prediction, a yellow line joins each pair. The crop is
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
    tile, scale, offset = crop_face(image, [gt, pred], size, margin)
    radius = max(1, size // 128)
    if gt is not None and pred is not None:
        for start, end in zip(_place(gt, scale, offset), _place(pred, scale, offset),
                              strict=True):
            if start is not None and end is not None:
                cv2.line(tile, start, end, LINK_COLOR, 1, cv2.LINE_AA, _SHIFT)
    for landmarks, color in ((gt, TRUE_COLOR), (pred, PREDICTED_COLOR)):
        if landmarks is None:
            continue
        for center in _place(landmarks, scale, offset):
            if center is not None:
                cv2.circle(tile, center, radius << _SHIFT, color, -1, cv2.LINE_AA,
                           _SHIFT)
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
    low, high = frame.min(0), frame.max(0)
    side = max(float((high - low).max()), 1.0) * (1 + 2 * margin)
    scale = size / side
    # Pixel centres are at integers: the tile's centre is (size - 1) / 2.
    offset = (size - 1) / 2 - scale * (low + high) / 2
    transform = np.array([[scale, 0, offset[0]], [0, scale, offset[1]]])
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    tile = cv2.warpAffine(image, transform, (size, size), flags=interpolation)
    return tile, scale, offset


def _place(landmarks: np.ndarray, scale: float, offset: np.ndarray
           ) -> list[tuple[int, int] | None]:
    """Landmarks in the tile, as OpenCV's fixed-point numbers; None if not finite."""
    placed = (np.asarray(landmarks, np.float64) * scale + offset) * (1 << _SHIFT)
    # OpenCV's integers are of 32 bits; a far-off point is clipped, not wrapped.
    placed = np.clip(placed, -2**24, 2**24)
    return [(round(x), round(y)) if np.isfinite(x + y) else None for x, y in placed]


def draw_face_sheet(images: Sequence[np.ndarray],
                    gt: Sequence[np.ndarray | None] | None = None,
                    pred: Sequence[np.ndarray | None] | None = None,
                    captions: Sequence[str] | None = None,
                    columns: int = 8, size: int = 192) -> np.ndarray:
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
    columns = min(columns, count)
    rows = -(-count // columns)
    sheet = np.full((rows * size, columns * size, 3), 255, np.uint8)
    for index, image in enumerate(images):
        tile = draw_face(image, None if gt is None else gt[index],
                         None if pred is None else pred[index], size)
        if captions is not None:
            _write(tile, captions[index])
        row, column = divmod(index, columns)
        sheet[row * size:(row + 1) * size, column * size:(column + 1) * size] = tile
    return sheet


def _write(tile: np.ndarray, text: str) -> None:
    """White text on a darkened strip along the tile's lower edge."""
    height = max(14, tile.shape[0] // 11)
    tile[-height:] //= 3
    cv2.putText(tile, text, (5, tile.shape[0] - height // 4),
                cv2.FONT_HERSHEY_SIMPLEX, height / 32, (255, 255, 255), 1, cv2.LINE_AA)
