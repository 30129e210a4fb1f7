"""The average head: 68 iBUG landmarks and the hairline, in mm.

Written by hand from the proportions of an average adult; no face data and no table of
others went into it. x goes to the right of the picture, y down, z towards the viewer;
the origin lies between the eyes. Faces are painted from it, and head pose is measured
by it.
"""

from collections.abc import Sequence

import numpy as np

# The left half of the picture; the other half is its mirror image. A landmark on
# the symmetry axis is written once.
_JAW = [(-71, 2, -58), (-70.5, 20, -56), (-68.5, 38, -52), (-64.5, 56, -45),
        (-56.5, 73, -34), (-45, 88, -20), (-31, 100, -5), (-16, 108.5, 6),
        (0, 112, 10)]
_BROW = [(-54, -16, -18), (-47, -24, -5), (-36, -27.5, 6), (-24, -25.5, 13),
         (-13, -21, 16)]
_NOSE = [(0, -1, 17), (0, 11, 24), (0, 24, 32), (0, 36, 40)]
_NOSTRIL = [(-14, 43, 20), (-7.5, 46.5, 26), (0, 49, 29)]
_EYE = [(-45, 1, -13), (-37, -5, -3), (-26, -5.5, 1), (-17, 1.5, 0),
        (-26, 5.5, 0), (-37, 5, -4)]
_OUTER_LIP = [(-25, 74, 4), (-16, 69, 18), (-6.5, 66, 23), (0, 67.5, 24)]
_OUTER_LIP_LOW = [(0, 84.5, 22), (-8, 83.5, 21), (-17, 80, 17)]
_INNER_LIP = [(-21.5, 74, 6), (-8, 73, 19.5), (0, 73.6, 20.5)]
_INNER_LIP_LOW = [(0, 75, 20), (-8, 74.6, 19.5)]
_FOREHEAD = [(-70, -19, -58), (-66, -40, -48), (-56, -57, -32), (-39, -68, -16),
             (-20, -74, -5), (0, -76, -2)]


def _mirror(points: Sequence[tuple[float, float, float]]) -> list:
    return [(-x, y, z) for x, y, z in points]


def _mean_shape() -> np.ndarray:
    jaw = _JAW + _mirror(_JAW[-2::-1])
    brows = _BROW + _mirror(_BROW[::-1])
    nose = _NOSE + _NOSTRIL + _mirror(_NOSTRIL[-2::-1])
    # iBUG starts each eye at its left end in the picture, so the right eye is
    # not simply the mirrored list.
    eyes = _EYE + _mirror([_EYE[i] for i in (3, 2, 1, 0, 5, 4)])
    lips = (_OUTER_LIP + _mirror(_OUTER_LIP[-2::-1])
            + _mirror(_OUTER_LIP_LOW[:0:-1]) + _OUTER_LIP_LOW
            + _INNER_LIP + _mirror(_INNER_LIP[-2::-1])
            + _mirror(_INNER_LIP_LOW[:0:-1]) + _INNER_LIP_LOW)
    return np.array(jaw + brows + nose + eyes + lips, dtype=np.float64)


MEAN_SHAPE = _mean_shape()
MEAN_FOREHEAD = np.array(_mirror(_FOREHEAD) + _FOREHEAD[-2::-1], dtype=np.float64)
