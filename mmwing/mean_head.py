"""The average head: 68 iBUG landmarks and the hairline, in mm.

Written by hand from the proportions of an average adult; no table of others went into
it. A network trained on the faces painted from it was tested on photos (``dev`` of
300-W), and proportions that were off in the same direction for most people were set
anew by hand, up to 6 mm. x goes to the right of the picture, y down, z towards the
viewer; the origin lies between the eyes. Faces are painted from it, and head pose is
measured by it.
"""

from collections.abc import Sequence

import numpy as np

# The left half of the picture; the other half is its mirror image. A landmark on
# the symmetry axis is written once.
_JAW = [(-73, 2, -69), (-72, 21, -65), (-70, 40, -62), (-66, 58, -60),
        (-59, 74, -54), (-47, 88, -40), (-32.5, 99, -20), (-17, 107.5, -2),
        (0, 110.5, 7)]
_BROW = [(-59.5, -12.5, -12), (-50.5, -20, -6), (-37.5, -22.5, -1), (-25, -21, 4.5),
         (-13, -17, 9)]
_NOSE = [(0, -1, 11.5), (0, 11, 17), (0, 23.5, 23), (0, 35.5, 29)]
_NOSTRIL = [(-14, 43, 14.5), (-7.5, 46, 17.5), (0, 48, 18.5)]
_EYE = [(-45, 0.5, -7), (-37, -5, -3.5), (-27.5, -5, -2.5), (-20, 1.5, -3),
        (-28, 4.5, -2.5), (-37, 4.5, -3.5)]
_OUTER_LIP = [(-25.5, 68.5, 1.5), (-16.5, 63, 9.5), (-6.5, 60, 14), (0, 61.5, 15)]
_OUTER_LIP_LOW = [(0, 77.5, 16.5), (-8, 76.5, 15), (-17.5, 73.5, 9.5)]
_INNER_LIP = [(-21.5, 68, 2.5), (-8, 66.5, 13), (0, 67, 14)]
_INNER_LIP_LOW = [(0, 68.5, 16), (-8, 68, 15)]
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
