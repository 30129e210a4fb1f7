"""Which landmarks to join when a face is drawn."""

from __future__ import annotations

from collections.abc import Mapping


def _span(first: int, last: int) -> list[int]:
    return list(range(first, last + 1))


def _ring(first: int, last: int) -> list[int]:
    return [*_span(first, last), first]


_IBUG_INNER = [_span(17, 21), _span(22, 26), _span(27, 30), _span(31, 35),
               _ring(36, 41), _ring(42, 47), _ring(48, 59), _ring(60, 67)]

#: Number of landmarks -> contours of the scheme that has so many.
_CONTOURS: dict[int, list[list[int]]] = {
    51: [[index - 17 for index in contour] for contour in _IBUG_INNER],
    68: [_span(0, 16), *_IBUG_INNER],
    98: [_span(0, 32), _ring(33, 41), _ring(42, 50), _span(51, 54), _span(55, 59),
         _ring(60, 67), _ring(68, 75), _ring(76, 87), _ring(88, 95)],
}


def contours_of(dataset_meta: Mapping) -> list[list[int]]:
    """Contours of a data set's landmarks: its own links, or those of its scheme.

    Args:
        dataset_meta: MMPose's meta information.

    Returns:
        Lists of indices; empty where neither is known.
    """
    links = dataset_meta.get('skeleton_links') or ()
    if links:
        return [[int(first), int(second)] for first, second in links]
    return _CONTOURS.get(int(dataset_meta.get('num_keypoints', 0)), [])
