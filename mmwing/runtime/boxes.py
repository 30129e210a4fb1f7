"""Check the boxes of faces that a user gives."""

from __future__ import annotations

import numpy as np


def check_boxes(boxes: object, width: int, height: int) -> np.ndarray:
    """Boxes as an array, after a look at what would give landmarks of nothing.

    Args:
        boxes: N boxes (N, 4): x1, y1, x2, y2 in pixels; an empty list means no box.
        width: Of the image, in pixels.
        height: Of the image, in pixels.

    Returns:
        (N, 4) float32.

    Raises:
        ValueError: If it has another shape, or a box is not finite, has no area, or
            lies outside of the image; the message names the box.
    """
    try:
        array = np.asarray(boxes, np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError('boxes must be numbers of the shape (N, 4): '
                         f'{error}') from None
    if not array.size:
        return np.empty((0, 4), np.float32)
    if array.ndim != 2 or array.shape[1] != 4:
        hint = '; for one box write [box]' if array.shape == (4, ) else ''
        raise ValueError('boxes must have the shape (N, 4): x1, y1, x2, y2 of each '
                         f'face; got {array.shape}{hint}')
    for index, box in enumerate(array):
        problem = box_problem(box, width, height)
        if problem:
            raise ValueError(f'boxes[{index}] = {box.tolist()} {problem}')
    return array


def box_problem(box: np.ndarray, width: int, height: int) -> str | None:
    """What is wrong with a box x1, y1, x2, y2 (4,), if anything is."""
    x1, y1, x2, y2 = box
    if not np.isfinite(box).all():
        return 'is not finite'
    if x2 <= x1 or y2 <= y1:
        return ('has no area: x2 must be greater than x1 and y2 than y1 (is it x, y, '
                'width, height?)')
    if x2 <= 0 or y2 <= 0 or x1 >= width or y1 >= height:
        return f'lies outside of the image of {width} x {height} pixels'
    return None
