"""Vary the proportions of the average face: who it is.

Depths are not those of an anatomical head but those that labels of photos show: the x
of each landmark was regressed on the turn of the face, in 300-W's ``fit`` and in
painted faces, and the depths set so that both move alike. As annotators mark them,
heads are flatter about eyes and nose, and deeper to the ears. How much proportions
vary, and how uneven faces are, was set so that the variances of both agree.
"""

import numpy as np

from mmwing.mean_head import MEAN_FOREHEAD, MEAN_SHAPE

from .camera import Array

# The left half in the picture, in mm towards the viewer.
_JAW = (-64, -62, -59.5, -59, -53.5, -41, -22.5, -4)
_BROW = (-12, -6, -1, 4.5, 9)
_NOSTRIL = (14.5, 17.5)
_OUTER_LIP = (1.5, 9.5, 14)
_DEPTH = np.array([
    *_JAW, 5, *_JAW[::-1],
    *_BROW, *_BROW[::-1],
    11.5, 17, 23, 29, *_NOSTRIL, 18.5, *_NOSTRIL[::-1],
    -7, -3.5, -2.5, -3, -2.5, -3.5,
    -3, -2.5, -3.5, -7, -3.5, -2.5,
    *_OUTER_LIP, 15, *_OUTER_LIP[::-1], 9.5, 15, 16.5, 15, 9.5,
    2.5, 13, 14, 13, 2.5, 15, 16, 15])
LABELLED_SHAPE = np.column_stack([MEAN_SHAPE[:, :2], _DEPTH])
# Where annotators mark points of the left half, from their places on the mean head, and
# those of the right half that mirror them; x and y in mm.
for _left, _right, _place in (
        (0, 16, (-1.5, 1.7)), (1, 15, (-1.1, 2.2)), (2, 14, (-.7, 2.6)),
        (3, 13, (-.6, 3.6)), (4, 12, (-.3, 4.2)), (5, 11, (.4, 2.5)),
        (6, 10, (.8, .9)), (7, 9, (.3, .2)),
        (37, 44, (-.4, 0)), (38, 43, (-.4, 0)), (40, 47, (-.8, 0)), (41, 46, (-.8, 0)),
        (49, 53, (-.4, 0)), (50, 52, (-.8, 0)), (59, 55, (-.2, 1)),
        (61, 63, (.7, 0)), (67, 65, (.5, 0))):
    LABELLED_SHAPE[_left, :2] += _place
    LABELLED_SHAPE[_right, :2] += np.multiply(_place, (-1, 1))


def _normal(rng: np.random.Generator, sigma: float, mean: float = 0.0) -> float:
    """Normal number, cut at two sigma so that no face is a monster."""
    return mean + sigma * float(np.clip(rng.normal(), -2, 2))


def random_identity(rng: np.random.Generator) -> tuple[Array, Array, float]:
    """Draw the proportions of one person.

    Returns:
        tuple: The landmarks (68, 3) and the hairline (11, 3) in mm, and the width of
        the head relative to the average.
    """
    points = LABELLED_SHAPE.copy()
    forehead = MEAN_FOREHEAD.copy()

    jaw = points[:17]
    jaw[:, 0] *= 1 + _normal(rng, .08) * np.clip(jaw[:, 1] / 80, 0, 1)
    squareness = _normal(rng, 1.0)
    jaw[[4, 5, 11, 12], 0] *= 1 + .03 * squareness
    jaw[[6, 7, 9, 10], 0] *= 1 + .06 * squareness
    jaw[5:12, 1] += _normal(rng, 6) * np.array([.3, .7, .95, 1, .95, .7, .3])
    jaw[6:11, 2] += _normal(rng, 3)
    forehead[:, 1] *= _normal(rng, .09, 1)

    brows = points[17:27]
    inward = np.abs(brows[:, 0])[:, None]
    brows[:, 1] += _normal(rng, 3) + (_normal(rng, .06) * (inward - 34))[:, 0]
    arch = np.array([-.6, .5, 1, .4, -.6])
    brows[:, 1] -= _normal(rng, 1.8) * np.concatenate([arch, arch[::-1]])
    brows[:, 0] *= _normal(rng, .06, 1)
    apart = _normal(rng, 3.2)
    brows[3:7, 0] += apart * np.array([-.5, -1, 1, .5])
    along = _normal(rng, 1.5) * np.array([0, 1, 1.2, .8, 0])
    brows[:, 0] += np.concatenate([along, -along[::-1]])
    outer = _normal(rng, 1.5) * np.array([1, .4, 0, 0, 0])
    brows[:, 0] += np.concatenate([outer, -outer[::-1]])

    spacing, breadth = _normal(rng, 1.6), _normal(rng, .07, 1)
    height, tilt = _normal(rng, .14, 1), _normal(rng, .05)
    for eye, sign in ((points[36:42], -1), (points[42:48], 1)):
        middle = eye[[0, 3]].mean(0)
        eye[:, 0] = middle[0] + (eye[:, 0] - middle[0]) * breadth + sign * spacing
        eye[:, 1] = middle[1] + (eye[:, 1] - middle[1]) * height * breadth
        eye[:, 1] -= tilt * sign * (eye[:, 0] - middle[0] - sign * spacing)

    nose = points[27:36]
    nose[:, 1] *= _normal(rng, .06, 1)
    nose[4:, 0] *= _normal(rng, .13, 1)
    nose[:, 2] += _normal(rng, .14) * np.array(
        [.3, .9, 1.2, 1, .35, .45, .5, .45, .35]) * 24
    nose[3, 1] += _normal(rng, 2.2)
    nose[[4, 8], 1] += _normal(rng, 1.5)
    nose[:2, 1] += _normal(rng, 1.2) * np.array([1, .5])

    mouth = points[48:68]
    mouth[:, 0] *= _normal(rng, .11, 1)
    # Where lips bend between the corners and the middle.
    for bends, sigma in (((2, 4), .16), ((1, 5), .05), ((8, 10), .2), ((7, 11), .06),
                         ((13, 15), .2), ((17, 19), .2)):
        mouth[list(bends), 0] *= _normal(rng, sigma, 1)
    mouth[[1, 2, 3, 4, 5], 1] -= np.array([.6, 1, 1, 1, .6]) * _normal(rng, 1.5, .3)
    mouth[[7, 8, 9, 10, 11], 1] += np.array([.6, 1, 1, 1, .6]) * _normal(rng, 1.9, .3)
    mouth[:, 1] += _normal(rng, 3)

    lower = _normal(rng, .055, 1)
    points[:, 1] *= np.where(points[:, 1] > 0, lower, 1)
    width = _normal(rng, .055, 1)
    points[:, 0] *= width
    _make_uneven(rng, points)
    forehead[:, 0] *= width
    return points, forehead, width


def _make_uneven(rng: np.random.Generator, points: Array) -> None:
    """Make both halves differ, in place: no face is its own mirror image."""
    jaw, brows, nose, mouth = points[:17], points[17:27], points[27:36], points[48:68]
    # The line of the eyes is not square to the line from the nose to the chin.
    tilt = _normal(rng, .02)
    for part in (jaw, nose, mouth):
        part[:, :2] += tilt * part[:, 1::-1] * (-1, 1)
    nose[:, 0] += _normal(rng, 1.2) * np.array([.7, .8, .9, 1, .9, .9, .9, .9, .9])
    mouth[:, 0] += _normal(rng, 1.6)
    mouth[:, 1] += _normal(rng, .03) * mouth[:, 0]
    brows[:, 0] += _normal(rng, .8)
    brows[:, 1] += _normal(rng, .02) * brows[:, 0]
    jaw[:, 0] += _normal(rng, 1.8) * np.exp(-(np.arange(17) - 8)**2 / 8)
