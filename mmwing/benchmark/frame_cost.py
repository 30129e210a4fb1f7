"""Time the steps of a video frame: finding the face, its landmarks, drawing them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import cv2
import numpy as np

from mmwing.datasets.face import SyntheticFaceDataset
from mmwing.runtime.landmarker import Landmarker
from mmwing.visualization.predicted_faces import draw_predicted_faces

from .turns import milliseconds, take_turns

#: Width and height of the frame, in pixels.
FRAME = (1280, 720)
#: Side of the face in it.
FACE = 300


def measure_frame(landmarkers: Mapping[str, Landmarker],
                  rounds: int = 20) -> dict[str, dict[str, np.ndarray]]:
    """Time the steps of a frame of 1280x720 pixels with one face, in turn.

    The face is painted, and its box is handed to the landmarks' step, so that all
    landmarkers work on the same whether or not their detector finds it.

    Args:
        landmarkers: By name; the detector of the first is the one that is measured.
        rounds: How often; one more round warms up.

    Returns:
        Milliseconds of the rounds (R,) of each step: the name of a landmarker ->
        ``'detector'``, ``'landmarks'``, ``'drawing'`` and their sum, ``'frame'``.

    Raises:
        ValueError: If there is nothing to measure or ``rounds`` is not positive.
    """
    frame, box = painted_frame()

    steps: dict[str, Callable[[], object]] = {
        f'landmarks {name}': partial(landmarker, frame, boxes=box)
        for name, landmarker in landmarkers.items()}
    for landmarker in list(landmarkers.values())[:1]:
        face: Any = landmarker(frame, boxes=box)[0]
        steps['detector'] = partial(landmarker.detect, frame)
        steps['drawing'] = partial(draw_predicted_faces, frame, [face.keypoints],
                                   [face.box], [face.scores])
    times = take_turns({name: partial(milliseconds, step)
                        for name, step in steps.items()}, rounds)
    results = {}
    for name in landmarkers:
        own = {'detector': times['detector'], 'landmarks': times[f'landmarks {name}'],
               'drawing': times['drawing']}
        results[name] = {**own, 'frame': np.sum(list(own.values()), axis=0)}
    return results


def painted_frame() -> tuple[np.ndarray, np.ndarray]:
    """A frame (720, 1280, 3) uint8 BGR with a painted face, and its box (1, 4)."""
    painted = SyntheticFaceDataset(num_samples=1, bbox_scale=1.).get_data_info(0)
    picture = painted['img']
    factor = FACE / max(picture.shape[:2])
    picture = cv2.resize(picture, None, fx=factor, fy=factor)
    height, width = picture.shape[:2]
    left, top = (FRAME[0] - width) // 2, (FRAME[1] - height) // 2
    frame = np.full((FRAME[1], FRAME[0], 3), 127, np.uint8)
    frame[top:top + height, left:left + width] = picture
    return frame, painted['bbox'] * factor + [left, top, left, top]
