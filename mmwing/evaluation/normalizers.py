"""Normalisers: lengths that a face's error is divided by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from .arrays import as_array
from .layouts import LandmarkPair, as_landmark_pair, find_layout

if TYPE_CHECKING:
    from .faces import EvaluatedFaces

BOX_MEASURES = ('longer_side', 'sqrt_area', 'diagonal', 'width', 'height')
ITEM_PREFIX = 'item:'
_BOX_NAMES = {f'box_{measure}': measure for measure in BOX_MEASURES}
_LANDMARK_BOX_NAMES = {
    f'landmark_box_{measure}': measure for measure in BOX_MEASURES}
_DISTANCES = ('inter_ocular', 'inter_pupil')
# "The size" of a box is its longer side in MMPose and the root of its area in AFLW.
_AMBIGUOUS = ('box_size', 'landmark_box_size')

#: A name, a pair of landmarks (or of groups of landmarks), or an array (N,) of lengths.
Normalizer = str | Sequence | np.ndarray | torch.Tensor


def check_normalizer_name(name: str, own_distances: Sequence[str] = ()) -> None:
    """Raise ValueError when no normaliser has that name.

    Args:
        name: ``inter_ocular``, ``inter_pupil``, ``box_*`` or ``landmark_box_*`` (see
            :func:`normalizer_lengths`), ``item:NAME``, or one of ``own_distances``.
        own_distances: Names of landmark distances that the user has defined.
    """
    known = (*_DISTANCES, *_BOX_NAMES, *_LANDMARK_BOX_NAMES, *own_distances)
    if name in known or (isinstance(name, str) and name.startswith(ITEM_PREFIX)
                         and name != ITEM_PREFIX):
        return
    if name in _AMBIGUOUS:
        box = name.removesuffix('_size')
        raise ValueError(
            f'normalizer {name!r} does not say which length: write {box}_longer_side '
            f"(what {name} was, and MMPose's bbox_size) or {box}_sqrt_area (root of "
            'width times height)')
    raise ValueError(
        f'unknown normalizer {name!r}; known are {", ".join(known)}, '
        f'{ITEM_PREFIX}NAME (a number of the annotation), and any name that '
        'keypoint_indices defines')


def check_own_distances(names: Iterable[str]) -> None:
    """Raise ValueError when a landmark distance has the name of something else.

    ``inter_ocular`` and ``inter_pupil`` may be named anew, for they are landmark
    distances; a figure by the distance of two landmarks must not be called one by
    ``box_width``.
    """
    for name in names:
        if (name in (*_BOX_NAMES, *_LANDMARK_BOX_NAMES, *_AMBIGUOUS)
                or name.startswith(ITEM_PREFIX)):
            raise ValueError(
                f'keypoint_indices defines the distance of two landmarks, and '
                f'{name!r} is something else: call it inter_ocular or a name of '
                'your own')


def is_given(normalizer: Normalizer) -> bool:
    """Whether the lengths do not come from the landmarks, and may be in other units."""
    if isinstance(normalizer, str):
        return normalizer in _BOX_NAMES or normalizer.startswith(ITEM_PREFIX)
    return isinstance(normalizer, (np.ndarray, torch.Tensor))


def normalizer_lengths(normalizer: Normalizer, target: np.ndarray,
                       visible: Any = None, boxes: Any = None) -> np.ndarray:
    """Length (N,) by which each face's error is divided, in the unit of ``target``.

    Args:
        normalizer: A name, a pair of landmarks or an array of lengths, see
            :func:`.functional.nme`.
        target: True landmarks (N, K, 2).
        visible: (N, K), positive where a landmark counts. By default all.
        boxes: Face boxes (N, 4) as x1, y1, x2, y2, for the normalisers ``box_*``.

    Raises:
        TypeError: If an argument is not an array of numbers.
        ValueError: If the normaliser means nothing for these faces.
    """
    if isinstance(normalizer, (np.ndarray, torch.Tensor)):
        return _given_lengths(normalizer, len(target))
    if not isinstance(normalizer, str):
        first, second = as_landmark_pair(normalizer, target.shape[1], 'normalizer')
        return landmark_distance(target, first, second, visible)
    check_normalizer_name(normalizer)
    if normalizer in _DISTANCES:
        first, second = _eyes(normalizer, target.shape[1])
        return landmark_distance(target, first, second, visible)
    if normalizer in _LANDMARK_BOX_NAMES:
        return box_measure(landmark_boxes(target, visible),
                           _LANDMARK_BOX_NAMES[normalizer])
    if normalizer.startswith(ITEM_PREFIX):
        raise ValueError(f'normalizer {normalizer!r} is a number of an annotation; for '
                         'arrays give the lengths themselves, an array (N,)')
    if boxes is None:
        raise ValueError(f'normalizer {normalizer!r} needs boxes (N, 4) as x1, y1, x2, '
                         'y2, got None')
    boxes = as_array(boxes, 'boxes')
    if boxes.shape != (len(target), 4):
        raise ValueError(f'boxes must have the shape ({len(target)}, 4), one x1, y1, '
                         f'x2, y2 for each face, got {boxes.shape}')
    return box_measure(boxes, _BOX_NAMES[normalizer])


def lengths_of_faces(name: str, faces: EvaluatedFaces,
                     keypoint_indices: Mapping[str, Sequence] | None = None
                     ) -> np.ndarray:
    """Length (N,) in pixels by which the error of each evaluated face is divided.

    Args:
        name: A distance of ``keypoint_indices``, a name that
            :func:`normalizer_lengths` knows, or ``item:NAME``, a number that the
            annotation brings along.
        faces: The faces.
        keypoint_indices: Name of a distance to a pair of landmarks, or of groups of
            landmarks.

    Raises:
        ValueError: If the name means nothing for these faces.
    """
    own = keypoint_indices or {}
    check_normalizer_name(name, tuple(own))
    if name in own:
        first, second = as_landmark_pair(own[name], faces.num_keypoints)
        return landmark_distance(faces.gt, first, second, faces.visible)
    if name.startswith(ITEM_PREFIX):
        item = name[len(ITEM_PREFIX):]
        if item not in faces.items:
            raise ValueError(
                f'normalizer {name!r}: no face brings an item {item!r}; found '
                f'{sorted(faces.items) or "none"}')
        return faces.items[item]
    return normalizer_lengths(name, faces.gt, faces.visible, faces.boxes)


def _eyes(name: str, num_keypoints: int) -> LandmarkPair:
    layout = find_layout(num_keypoints)
    if layout is None or name not in layout.distances:
        known = layout.name if layout else f'{num_keypoints} landmarks'
        raise ValueError(
            f'normalizer {name!r} is not defined for {known}: name the two landmarks '
            f"(the metric by keypoint_indices={{'{name}': (LEFT, RIGHT)}}, nme() by "
            'normalizer=(LEFT, RIGHT)), or choose another normalizer')
    return layout.distances[name]


def _given_lengths(lengths: Any, num_faces: int) -> np.ndarray:
    lengths = as_array(lengths, 'normalizer').astype(np.float64)
    if lengths.shape != (num_faces,):
        raise ValueError(
            f'normalizer must have one length for each of the {num_faces} faces, got '
            f'an array of the shape {lengths.shape}; two landmarks are given as a '
            'tuple such as (36, 45)')
    return lengths


def landmark_distance(target: np.ndarray, first: Sequence[int], second: Sequence[int],
                      visible: Any = None) -> np.ndarray:
    """Distance between the centroids of two groups of true landmarks.

    Args:
        target: True landmarks (N, K, 2).
        first: Indices of the first group.
        second: Indices of the second group.
        visible: (N, K), positive where a landmark counts. By default all.

    Returns:
        (N,) float64; NaN for a face where a landmark of either group is not visible.
    """
    target = np.asarray(target, np.float64)
    first, second = list(first), list(second)
    offset = target[:, first].mean(1) - target[:, second].mean(1)
    distance = np.hypot(offset[:, 0], offset[:, 1])
    if visible is not None:
        known = check_visible(visible, target)[:, first + second]
        distance = np.where(known.all(1), distance, np.nan)
    return distance


def landmark_boxes(target: np.ndarray, visible: Any = None) -> np.ndarray:
    """Tight boxes (N, 4) as x1, y1, x2, y2 around the visible true landmarks.

    NaN for a face with no visible landmark.
    """
    target = np.asarray(target)
    known = np.isfinite(target).all(-1)
    if visible is not None:
        known &= check_visible(visible, target)
    low = np.where(known[..., None], target, np.inf).min(1)
    high = np.where(known[..., None], target, -np.inf).max(1)
    boxes = np.concatenate([low, high], axis=1).astype(np.float64)
    boxes[~known.any(1)] = np.nan
    return boxes


def box_measure(boxes: np.ndarray, measure: str) -> np.ndarray:
    """One length (N,) for each box (N, 4), given as x1, y1, x2, y2.

    Args:
        boxes: Boxes in pixels.
        measure: ``longer_side`` (MMPose's ``bbox_size``); ``sqrt_area``, the square
            root of width times height (AFLW's ``box_size``); ``diagonal``;
            ``width``; ``height``.

    Returns:
        NaN for a box that is inverted (x2 < x1 or y2 < y1): it has no size.

    Raises:
        ValueError: When the measure is none of these.
    """
    boxes = np.asarray(boxes, np.float64)
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    inverted = (width < 0) | (height < 0)
    width, height = (np.where(inverted, np.nan, side) for side in (width, height))
    if measure == 'longer_side':
        return np.maximum(width, height)
    if measure == 'sqrt_area':
        return np.sqrt(np.maximum(width, 0) * np.maximum(height, 0))
    if measure == 'diagonal':
        return np.hypot(width, height)
    if measure == 'width':
        return width
    if measure == 'height':
        return height
    raise ValueError(f'measure must be one of {BOX_MEASURES}, got {measure!r}')


def check_visible(visible: Any, target: np.ndarray) -> np.ndarray:
    """Where landmarks count (N, K), bool.

    Raises:
        TypeError: If it is not an array of numbers.
        ValueError: If it has another shape.
    """
    visible = as_array(visible, 'visible')
    if visible.shape != target.shape[:2]:
        raise ValueError(f'visible must have the shape {target.shape[:2]}, one number '
                         f'for each landmark, got {visible.shape}')
    return visible > 0
