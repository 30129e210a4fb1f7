"""Normalisers by name: the length that a face's error is divided by."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from .faces import EvaluatedFaces
from .functional import BOX_MEASURES, box_measure, landmark_boxes, landmark_distance
from .layouts import as_landmark_pair, find_layout

ITEM_PREFIX = 'item:'
_BOX_NAMES = {f'box_{measure}': measure for measure in BOX_MEASURES}
_LANDMARK_BOX_NAMES = {
    f'landmark_box_{measure}': measure for measure in BOX_MEASURES}
_DISTANCES = ('inter_ocular', 'inter_pupil')


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
    raise ValueError(
        f'unknown normalizer {name!r}; known are {", ".join(known)}, '
        f'{ITEM_PREFIX}NAME (a number of the annotation), and any name that '
        'keypoint_indices defines')


def check_own_distances(names: Iterable[str]) -> None:
    """Raise ValueError when a landmark distance has the name of something else.

    ``inter_ocular`` and ``inter_pupil`` may be named anew, for they are landmark
    distances; a figure by the distance of two landmarks must not be called one by
    ``box_size``.
    """
    for name in names:
        if (name in _BOX_NAMES or name in _LANDMARK_BOX_NAMES
                or name.startswith(ITEM_PREFIX)):
            raise ValueError(
                f'keypoint_indices defines the distance of two landmarks, and '
                f'{name!r} is something else: call it inter_ocular or a name of '
                'your own')


def normalizer_lengths(name: str, faces: EvaluatedFaces,
                       keypoint_indices: Mapping[str, Sequence] | None = None
                       ) -> np.ndarray:
    """Length (N,) in pixels by which each face's error is divided.

    Args:
        name: A distance of ``keypoint_indices``; ``inter_ocular`` (outer corners of
            the eyes) or ``inter_pupil`` by the scheme of the annotation;
            ``box_size``, ``box_sqrt_area``, ``box_diagonal``, ``box_width`` or
            ``box_height`` of the data set's box; the same with ``landmark_`` in front,
            of the tight box around the true landmarks; ``item:NAME``, a number that
            the annotation brings along.
        faces: The faces.
        keypoint_indices: Name of a distance to a pair of landmarks, or of groups of
            landmarks.

    Raises:
        ValueError: When the name means nothing for these faces.
    """
    own = keypoint_indices or {}
    check_normalizer_name(name, tuple(own))
    if name in own:
        first, second = as_landmark_pair(own[name], faces.num_landmarks)
        return landmark_distance(faces.gt, first, second, faces.annotated)
    if name in _DISTANCES:
        layout = find_layout(faces.num_landmarks)
        if layout is None or name not in layout.distances:
            known = layout.name if layout else f'{faces.num_landmarks} landmarks'
            raise ValueError(
                f'normalizer {name!r} is not defined for {known}: name the landmarks, '
                f"keypoint_indices={{'{name}': (LEFT, RIGHT)}}, or choose another "
                'normalizer')
        first, second = layout.distances[name]
        return landmark_distance(faces.gt, first, second, faces.annotated)
    if name in _BOX_NAMES:
        return box_measure(faces.boxes, _BOX_NAMES[name])
    if name in _LANDMARK_BOX_NAMES:
        boxes = landmark_boxes(faces.gt, faces.annotated)
        return box_measure(boxes, _LANDMARK_BOX_NAMES[name])
    item = name[len(ITEM_PREFIX):]
    if item not in faces.items:
        raise ValueError(
            f'normalizer {name!r}: no face brings an item {item!r}; found '
            f'{sorted(faces.items) or "none"}')
    return faces.items[item]
