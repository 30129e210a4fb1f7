"""The average head: 68 iBUG landmarks and the hairline, in mm.

Written by hand from the proportions of an average adult; no table of others went into
it. A network trained on the faces painted from it was tested on photos (``dev`` of
300-W), and proportions that were off in the same direction for most people were set
anew by hand, up to 6 mm. x goes to the right of the picture, y down, z towards the
viewer; the origin lies between the eyes. Faces are painted from it (with depths of
their own, see :mod:`mmwing.datasets.face.face_model.identity`), and head pose is
measured by it.
"""

from collections.abc import Sequence

import numpy as np

# The left half of the picture; the other half is its mirror image. A landmark on
# the symmetry axis is written once.
_JAW = [(-73, 2, -58), (-72, 21, -56), (-70, 40, -52), (-66, 58, -45),
        (-59, 74, -34), (-48, 89.5, -20), (-34.5, 100.5, -5), (-18, 109, 6),
        (0, 110.5, 10)]
_BROW = [(-59.5, -12.5, -23), (-50.5, -20, -8), (-37.5, -22.5, 5), (-25, -21, 13),
         (-13, -17, 16)]
_NOSE = [(0, -1, 17), (0, 11, 24), (0, 23.5, 32), (0, 35.5, 40)]
_NOSTRIL = [(-14, 43, 20), (-7.5, 46, 26), (0, 48, 29)]
_EYE = [(-45, 0.5, -13), (-37, -5, -3), (-27.5, -5, 0.5), (-20, 1.5, -2),
        (-28, 4.5, -0.5), (-37, 4.5, -4)]
_OUTER_LIP = [(-25.5, 68.5, 4), (-16.5, 63, 18), (-6.5, 60, 23), (0, 61.5, 24)]
_OUTER_LIP_LOW = [(0, 77.5, 22), (-8, 76.5, 21), (-17.5, 73.5, 17)]
_INNER_LIP = [(-21.5, 68, 6), (-8, 66.5, 19.5), (0, 67, 20.5)]
_INNER_LIP_LOW = [(0, 68.5, 20), (-8, 68, 19.5)]
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
