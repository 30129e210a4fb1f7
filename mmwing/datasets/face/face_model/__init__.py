"""A 3-D model of the 68 iBUG landmarks with random identity, expression and pose.

Written by hand from the proportions of an average adult; no face data went into it.
Lengths are millimetres of the head: x to the right of the picture, y down, z towards
the viewer, the origin between the eyes.
"""

from mmwing.mean_head import MEAN_SHAPE

from .camera import Camera
from .face import Face, random_face
from .identity import LABELLED_SHAPE

__all__ = ['LABELLED_SHAPE', 'MEAN_SHAPE', 'Camera', 'Face', 'random_face']
