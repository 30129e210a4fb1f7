"""Draw landmarks of any number of faces into their picture."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from .tile import Color, Tile

# Okabe and Ito's colours, which colour-blind people tell apart, as BGR.
_COLORS: tuple[Color, ...] = ((233, 180, 86), (0, 159, 230), (115, 158, 0),
                              (66, 228, 240), (167, 121, 204), (0, 94, 213))
_HALO: Color = (24, 24, 24)
_BOX_COLOR: Color = (255, 255, 255)
# Smaller pictures are enlarged: a face of 60 pixels would be hidden under its points.
_LEAST_SIDE = 512
# Landmarks with less confidence are hollow.
_FAINT = 0.3


def draw_predicted_faces(image: np.ndarray, keypoints: Sequence[np.ndarray],
                         boxes: Sequence[np.ndarray] = (),
                         scores: Sequence[np.ndarray] = (),
                         captions: Sequence[str] = (),
                         contours: Sequence[Sequence[int]] = ()) -> np.ndarray:
    """Draw contours, points and boxes, sized by the face.

    Args:
        image: (H, W, 3) uint8, BGR.
        keypoints: N arrays (K, 2) in pixels of the image; what is not finite is left
            out.
        boxes: N boxes (4,), x1, y1, x2, y2, or none.
        scores: N arrays (K,): a landmark whose score lies below 0.3 is hollow; NaN is
            no score.
        captions: N short texts, written above the boxes, or none.
        contours: Indices of landmarks to join. Each contour and its points have a
            colour of their own.

    Returns:
        (H', W', 3) uint8, BGR: a copy, enlarged by a whole factor if its longer side
        has fewer than 512 pixels.
    """
    factor = -(-_LEAST_SIDE // max(image.shape[:2]))
    pixels = image.copy() if factor == 1 else cv2.resize(
        image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    tile = Tile(pixels, factor, np.full(2, (factor - 1) / 2))
    for index, points in enumerate(keypoints):
        points = np.asarray(points, np.float64)
        seen = points[np.isfinite(points).all(1)]
        if not len(seen):
            continue
        side = float(np.sqrt(np.prod(np.ptp(seen, axis=0) + 1))) * factor
        radius, thickness = max(1, round(side / 120)), max(1, round(side / 250))
        if len(boxes):
            caption = captions[index] if captions else ''
            _draw_box(tile, boxes[index], caption, thickness)
        colors = [_COLORS[0]] * len(points)
        for number, contour in enumerate(contours):
            color = _COLORS[number % len(_COLORS)]
            path = points[list(contour)]
            tile.lines(path[:-1], path[1:], _HALO, thickness + 2)
            tile.lines(path[:-1], path[1:], color, thickness)
            for landmark in contour:
                colors[landmark] = color
        faint = (np.asarray(scores[index]) < _FAINT if len(scores)
                 else np.zeros(len(points), bool))
        for color in set(colors):
            own = np.array([each == color for each in colors])
            tile.dots(points[own], _HALO, radius=radius + 1)
            tile.dots(points[own & ~faint], color, radius=radius)
    return tile.pixels


def _draw_box(tile: Tile, box: np.ndarray, caption: str, thickness: int) -> None:
    x1, y1, x2, y2 = np.asarray(box, np.float64)
    corners = np.array([(x1, y1), (x2, y1), (x2, y2), (x1, y2), (x1, y1)])
    for color, width in ((_HALO, thickness + 2), (_BOX_COLOR, thickness)):
        tile.lines(corners[:-1], corners[1:], color, width)
    if caption:
        x, y = corners[0] * tile.scale + tile.offset
        place = max(0, round(x)), max(14, round(y) - 4)
        for color, width in ((_HALO, 3), (_BOX_COLOR, 1)):
            cv2.putText(tile.pixels, caption, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5,
                        color, width, cv2.LINE_AA)
