"""Cut faces out of images as the test pipelines do, without MMPose."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

# More samples than this along one axis cost more than their last bit of smoothness.
MAX_SUPERSAMPLING = 8


def supersampling(reduction: float) -> int:
    """Samples along each axis that a pixel of a crop needs.

    Args:
        reduction: Pixels of the image along a side of a pixel of the crop.
    """
    return min(max(1, round(reduction)), MAX_SUPERSAMPLING)


def supersampled_warp(image: np.ndarray, matrix: np.ndarray, size: tuple,
                      factor: int) -> np.ndarray:
    """Warp with ``factor`` x ``factor`` samples a pixel, averaged.

    The pixel that ``factor`` samples share keeps its centre, so the result sits
    exactly where the plain warp would put it.

    Args:
        image (np.ndarray): (H, W) or (H, W, C).
        matrix (np.ndarray): (2, 3), from pixels of ``image`` to output pixels.
        size (tuple): Output (w, h).
        factor (int): Samples along each axis; 1 is the plain bilinear warp.

    Returns:
        np.ndarray: (h, w) or (h, w, C).
    """
    if factor == 1:
        return cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR)
    fine = matrix * factor
    fine[:, 2] += (factor - 1) / 2
    fine_size = (size[0] * factor, size[1] * factor)
    samples = cv2.warpAffine(image, fine, fine_size, flags=cv2.INTER_LINEAR)
    return cv2.resize(samples, size, interpolation=cv2.INTER_AREA)


@dataclass(frozen=True)
class Crop:
    """How a model's test pipeline cuts the face in a box.

    The pixels are those of :class:`mmwing.FaceAffine`, or of MMPose's ``TopdownAffine``
    without ``antialias``.

    Attributes:
        size: (w, h) of the crop.
        widen: Sides of what is cropped in sides of the box.
        antialias: Whether to average over the pixels where the crop shrinks.
    """

    size: tuple[int, int]
    widen: float = 1.
    antialias: bool = True

    def region(self, box: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Centre (2,) and sides (2,) of what is cropped for a box (4,), in pixels."""
        width, height = (box[2:] - box[:2]) * self.widen
        aspect = self.size[0] / self.size[1]
        sides = ((width, width / aspect) if width > height * aspect
                 else (height * aspect, height))
        return (box[2:] + box[:2]) * 0.5, np.array(sides, np.float32)

    def cut(self, image: np.ndarray, box: np.ndarray) -> np.ndarray:
        """The crop (h, w, 3) of an image (H, W, 3) for a box x1, y1, x2, y2 (4,)."""
        center, sides = self.region(box)
        matrix = cv2.getAffineTransform(
            _three_points(center, sides[0]),
            _three_points(np.array(self.size) * 0.5, self.size[0]))
        factor = supersampling(sides[0] / self.size[0]) if self.antialias else 1
        return supersampled_warp(image, matrix, self.size, factor)

    def to_image(self, points: np.ndarray, box: np.ndarray) -> np.ndarray:
        """Points (K, 2) of a crop in pixels of the image it was cut from."""
        center, sides = self.region(box)
        return points / np.array(self.size) * sides + center - 0.5 * sides


def _three_points(center: np.ndarray, side: float) -> np.ndarray:
    """The points by which MMPose defines a warp, computed alike to the last bit."""
    points = np.zeros((3, 2), np.float32)
    points[0] = center
    points[1] = center + np.array([side * -0.5, 0.])
    direction = points[0] - points[1]
    points[2] = points[1] + (-direction[1], direction[0])
    return points
