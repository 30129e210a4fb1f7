"""Annotation schemes of face data sets: eyes, contours and other parts.

The indices were read off numbered drawings of the data sets' own images, and are
those of MMPose's data set classes.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import index

LandmarkPair = tuple[tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True)
class FaceLayout:
    """One annotation scheme.

    Attributes:
        name: What the scheme is called.
        data_sets: Names (``dataset_name`` in MMPose's meta information) of the data
            sets that use it.
        distances: Normaliser name to two groups of landmark indices; the normaliser
            is the distance between the groups' centroids. ``inter_ocular`` is between
            the outer corners of the eyes, ``inter_pupil`` between the pupils or, where
            these are not annotated, between the centroids of the eyes' outlines.
        groups: Name of a part of the face to its landmark indices.
    """

    name: str
    data_sets: tuple[str, ...]
    distances: Mapping[str, LandmarkPair] = field(repr=False)
    groups: Mapping[str, tuple[int, ...]] = field(repr=False)


def _span(first: int, last: int) -> tuple[int, ...]:
    return tuple(range(first, last + 1))


LAYOUTS: dict[int, FaceLayout] = {
    5: FaceLayout(
        '5 points (eye centres, nose tip, mouth corners)', (),
        {'inter_pupil': ((0,), (1,))},
        {'eyes': (0, 1), 'nose': (2,), 'mouth': (3, 4)}),
    19: FaceLayout(
        'AFLW, 19 points', ('aflw',),
        {'inter_ocular': ((6,), (11,)), 'inter_pupil': ((7,), (10,))},
        {'contour': (18,), 'brows': _span(0, 5), 'nose': _span(12, 14),
             'eyes': _span(6, 11), 'mouth': _span(15, 17)}),
    29: FaceLayout(
        'COFW, 29 points', ('cofw',),
        {'inter_ocular': ((8,), (9,)), 'inter_pupil': ((16,), (17,))},
        {'contour': (28,), 'brows': _span(0, 7), 'nose': _span(18, 21),
             'eyes': _span(8, 17), 'mouth': _span(22, 27)}),
    51: FaceLayout(
        'iBUG, 68 points without the contour', (),
        {'inter_ocular': ((19,), (28,)),
             'inter_pupil': (_span(19, 24), _span(25, 30))},
        {'brows': _span(0, 9), 'nose': _span(10, 18), 'eyes': _span(19, 30),
             'mouth': _span(31, 50)}),
    68: FaceLayout(
        'iBUG, 68 points',
        ('300w', '300wlp', '300vw', 'coco_wholebody_face'),
        {'inter_ocular': ((36,), (45,)),
             'inter_pupil': (_span(36, 41), _span(42, 47))},
        {'contour': _span(0, 16), 'brows': _span(17, 26), 'nose': _span(27, 35),
             'eyes': _span(36, 47), 'mouth': _span(48, 67)}),
    98: FaceLayout(
        'WFLW, 98 points', ('wflw',),
        {'inter_ocular': ((60,), (72,)), 'inter_pupil': ((96,), (97,))},
        {'contour': _span(0, 32), 'brows': _span(33, 50), 'nose': _span(51, 59),
             'eyes': (*_span(60, 75), 96, 97), 'mouth': _span(76, 95)}),
    106: FaceLayout(
        'LaPa, 106 points', ('lapa',),
        {'inter_ocular': ((66,), (79,)), 'inter_pupil': ((104,), (105,))},
        {'contour': _span(0, 32), 'brows': _span(33, 50), 'nose': _span(51, 65),
             'eyes': (*_span(66, 83), 104, 105), 'mouth': _span(84, 103)}),
}


def find_layout(num_keypoints: int) -> FaceLayout | None:
    """Return the scheme with that many landmarks, or None when none is known."""
    return LAYOUTS.get(num_keypoints)


def landmark_names(meta: Mapping, count: int) -> tuple[str, ...]:
    """Names of the landmarks of a data set, by its meta information.

    Returns:
        K names; none where they are only numbers (``kpt-0``) or not ``count``.
    """
    names = meta.get('keypoint_id2name') or {}
    if sorted(names) != list(range(count)) or all(
            re.fullmatch(r'[a-z]*[-_ ]?\d+', str(name)) for name in names.values()):
        return ()
    return tuple(str(names[index]) for index in range(count))


def as_landmark_pair(pair: Sequence, num_keypoints: int,
                     argument: str = 'keypoint_indices') -> LandmarkPair:
    """Check a user's pair of landmarks, or of groups of landmarks.

    Args:
        pair: Two entries, each an index or a sequence of indices.
        num_keypoints: K; indices are 0 to K - 1.
        argument: What messages call the pair.

    Raises:
        TypeError: If an index is not an integer.
        ValueError: If there are not two entries, or an index does not exist.
    """
    wanted = (f'{argument} must be two landmarks (or two groups of landmarks), such as '
              f'(36, 45); got {pair!r}')
    if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
        raise ValueError(wanted)
    try:
        first, second = (tuple(map(index, side)) if isinstance(side, Sequence)
                         else (index(side),) for side in pair)
    except TypeError as error:
        raise TypeError(wanted) from error
    for landmark in (*first, *second):
        if not 0 <= landmark < num_keypoints:
            raise ValueError(
                f'{argument} names landmark {landmark}, but the faces have '
                f'{num_keypoints} landmarks: 0 to {num_keypoints - 1}')
    if not first or not second:
        raise ValueError(f'{argument} has an empty group: {pair!r}')
    return first, second
