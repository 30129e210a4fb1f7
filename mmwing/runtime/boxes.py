"""Check the boxes of faces that a user gives, and make boxes of landmarks."""

from __future__ import annotations

import numpy as np

#: What model cards, and detectors, call the box tightly around the landmarks.
LANDMARK_BOX = 'landmark box: tightly around the landmarks'

# Landmarks that are so many times larger or smaller than the box they were found in
# say nothing of where the face is.
_LARGEST_CHANGE = 3.


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


def landmark_box(keypoints: np.ndarray) -> np.ndarray:
    """The box tightly around landmarks (K, 2): x1, y1, x2, y2 (4,), float32."""
    return np.concatenate([keypoints.min(0), keypoints.max(0)]).astype(np.float32)


def next_box(keypoints: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Where to look again for the face whose landmarks were found in a box.

    Args:
        keypoints: Landmarks (K, 2) that the model found, in pixels.
        box: Where it looked (4,): x1, y1, x2, y2.

    Returns:
        The box (4,) tightly around the landmarks. The former one if they cannot be a
        face in it: not finite, centred outside of it, or more than three times as large
        or small.
    """
    if not np.isfinite(keypoints).all():
        return box
    found = landmark_box(keypoints)
    growth = (found[2:] - found[:2]).max() / (box[2:] - box[:2]).max()
    center = (found[:2] + found[2:]) / 2
    inside = (center >= box[:2]).all() and (center <= box[2:]).all()
    if not inside or not 1 / _LARGEST_CHANGE <= growth <= _LARGEST_CHANGE:
        return box
    return found
