"""Cut what each stage of a cascade sees out of the canvas."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from mmwing.geometry import (
    compose,
    fit_similarity,
    invert,
    scale_of,
    similarity,
    transform_points,
)

from .crop import crop

# What stage 1 may be off by before the face box is taken instead.
MAX_ZOOM = 3.
# A mirrored face agrees less. Of shapes of K points drawn at random 0.75^(K - 2) agree
# more: one in 10^8 with 68 points, but three in four triangles.
MIN_AGREEMENT = 0.5


class StageCrops(nn.Module):
    """Crops of the two stages: geometry without weights.

    Stage 1 sees the face box, the central ``1 / context`` of the canvas. Stage 2 sees
    what the similarity from the landmarks of stage 1 to the mean shape straightens.
    Points are in pixels of the canvas unless said otherwise. All is computed on the
    device of the images; nothing is copied to the host.

    Args:
        canvas (tuple[int, int]): (w, h) of the canvas in pixels.
        size1 (tuple[int, int]): (w, h) of the crop of stage 1.
        size2 (tuple[int, int]): (w, h) of the crop of stage 2.
        context (float): Side of the canvas, in sides of the face box.
        zoom (float): How much larger than in the face box an average face is in the
            crop of stage 2.
    """

    canvas: Tensor
    size1: Tensor
    size2: Tensor
    box_to_crop1: Tensor
    box_to_crop2: Tensor

    def __init__(self, canvas: tuple[int, int], size1: tuple[int, int],
                 size2: tuple[int, int], context: float, zoom: float) -> None:
        super().__init__()
        self.zoom = zoom
        self._size1, self._size2 = size1, size2
        # By the reduction of an average face: its own would make the result of a face
        # depend on the rest of the batch.
        self._samples1 = _samples(_scale(canvas, size1, context))
        self._samples2 = _samples(_scale(canvas, size2, context) * zoom)
        # Not in checkpoints: they follow from the arguments.
        for name, size in (('canvas', canvas), ('size1', size1), ('size2', size2)):
            self.register_buffer(name, torch.tensor(size, dtype=torch.float32), False)
        for name, size in (('box_to_crop1', size1), ('box_to_crop2', size2)):
            self.register_buffer(name, _central_crop(canvas, size, context), False)

    def crop1(self, images: Tensor) -> Tensor:
        """Crops of stage 1 (N, C, h, w) out of canvases (N, C, H, W)."""
        return crop(images, self.box_to_crop1, self._size1, self._samples1)

    def crop2(self, images: Tensor, matrix: Tensor) -> Tensor:
        """Crops of stage 2 (N, C, h, w), cut by matrices (N, 2, 3)."""
        return crop(images, matrix, self._size2, self._samples2)

    def mean_points(self, mean_shape: Tensor) -> Tensor:
        """The mean shape (1, K, 2), given normalised by the canvas' size, (K, 2)."""
        return (mean_shape * self.canvas)[None]

    def reference(self, mean_shape: Tensor) -> Tensor:
        """Where the mean shape is in the crop of stage 2, (1, K, 2) in its pixels."""
        points = transform_points(self.box_to_crop2, self.mean_points(mean_shape))
        middle = (points.amax(1) + points.amin(1)) / 2
        return (points - middle) * self.zoom + self.size2 / 2

    def align(self, points: Tensor, mean_shape: Tensor) -> tuple[Tensor, Tensor]:
        """The crop of stage 2 for what stage 1 has found.

        Args:
            points (Tensor): Landmarks, (N, K, 2).
            mean_shape (Tensor): Normalised by the size of the canvas, (K, 2).

        Returns:
            tuple[Tensor, Tensor]: Matrices (N, 2, 3) from the canvas to the crop, and
            which of the predictions were usable, (N,) bool. The others get the face
            box.
        """
        mean, reference = self.mean_points(mean_shape), self.reference(mean_shape)

        # Neither NaN nor numbers whose squares overflow; and some extent.
        usable = (points.abs() < 1e6).all(-1).all(-1)
        safe = torch.where(usable[:, None, None], points, mean)
        extent = (safe.amax(1) - safe.amin(1)).amax(-1)
        usable = usable & (extent > 1e-3 * (mean.amax(1) - mean.amin(1)).amax())
        safe = torch.where(usable[:, None, None], points, mean)

        matrix, agreement = fit_similarity(safe, reference, scale='size')
        zoom = scale_of(matrix) / (scale_of(self.box_to_crop2) * self.zoom)
        center = transform_points(invert(matrix), (self.size2 / 2)[None, None])
        in_box = transform_points(self.box_to_crop1, center).squeeze(1)
        usable = (usable & (agreement > MIN_AGREEMENT)
                  & (zoom > 1 / MAX_ZOOM) & (zoom < MAX_ZOOM)
                  & ((in_box >= 0) & (in_box <= self.size1)).all(-1))
        return torch.where(usable[:, None, None], matrix, self.box_to_crop2), usable

    def jitter(self, matrix: Tensor, jitter: float, rotation: float) -> Tensor:
        """Move, resize and turn the crop of stage 2 at random, as RandomFaceBox does.

        Its size changes by the difference of its corners, its centre moves by their
        mean.

        Args:
            matrix (Tensor): From the canvas to the crop, (N, 2, 3).
            jitter (float): Largest displacement of a corner, as a fraction of the
                side.
            rotation (float): Largest angle in degrees.
        """
        corners = torch.rand(matrix.shape[0], 2, 2, device=matrix.device) * 2 - 1
        corners = corners.to(matrix.dtype) * jitter
        scale = 1 / (1 + (corners[:, 1] - corners[:, 0]).mean(1))
        angle = torch.rand(matrix.shape[0], device=matrix.device) * 2 - 1
        angle = angle.to(matrix.dtype) * math.radians(rotation)
        source = self.size2 * (0.5 + corners.mean(1))
        moved = similarity(scale * angle.cos(), scale * angle.sin(), source,
                           (self.size2 / 2).expand_as(source))
        return compose(moved, matrix)


def _scale(canvas: tuple[int, int], size: tuple[int, int], context: float) -> float:
    return min(side / whole for side, whole in zip(size, canvas, strict=True)) * context


def _central_crop(canvas: tuple[int, int], size: tuple[int, int],
                  context: float) -> Tensor:
    """(1, 2, 3), from the canvas to a crop of the face box."""
    scale = torch.tensor([_scale(canvas, size, context)])
    # Centre to centre as MMPose's warps have it: half the size.
    return similarity(scale, torch.zeros_like(scale), torch.tensor([canvas]) / 2,
                      torch.tensor([size]) / 2)


def _samples(scale: float) -> int:
    # A reduction of 2 that rounding makes 2.0000001 is one of 2.
    return max(1, math.ceil(1 / scale - 1e-3))
