"""Draw and apply the boxes of a batch of faces: RandomFaceBox and FaceAffine."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from mmwing.datasets.transforms import RandomFaceBox
from mmwing.geometry import similarity


class BoxDraw(NamedTuple):
    """What is drawn for a box, see :class:`mmwing.RandomFaceBox`.

    Attributes:
        offset: Of the centre, in sides, (N, 2).
        scale: Factor of the sides, (N,).
        degrees: Rotation, (N,).
        mirrored: (N,) bool.
    """

    offset: Tensor
    scale: Tensor
    degrees: Tensor
    mirrored: Tensor


def no_draw(count: int, device: torch.device) -> BoxDraw:
    """The boxes as they are."""
    zeros = torch.zeros(count, device=device)
    return BoxDraw(zeros.new_zeros(count, 2), zeros + 1, zeros, zeros.bool())


def draw_boxes(transform: RandomFaceBox, count: int,
               generator: torch.Generator) -> BoxDraw:
    """Draw as the transform does, for each face."""
    device = generator.device
    numbers = torch.rand(count, 6, generator=generator, device=device)
    if transform.distribution == 'uniform':
        signed = 2 * numbers[:, :5] - 1
    else:
        # A normal distribution cut at one sigma, by the inverse of its integral.
        inside = math.erf(math.sqrt(0.5))
        signed = math.sqrt(2) * torch.erfinv(inside * (2 * numbers[:, :5] - 1))
    corners = signed[:, :4].unflatten(1, (2, 2)) * transform.shift_factor
    return BoxDraw(corners.mean(1), 1 + (corners[:, 1] - corners[:, 0]).mean(1),
                   signed[:, 4] * transform.rotate_factor,
                   numbers[:, 5] < transform.flip_prob)


class Warp(NamedTuple):
    """Where crops lie in their images.

    Attributes:
        source: (N, 2, 3), from pixels of the crop to pixels of the image.
        target: (N, 2, 3), from pixels of the image to pixels of the crop.
        reduction: Pixels of the image along a pixel of the crop, (N,).
        centre: Of the boxes, (N, 2) in pixels of the image.
        sides: Of the boxes, (N, 2), of the crop's aspect.
    """

    source: Tensor
    target: Tensor
    reduction: Tensor
    centre: Tensor
    sides: Tensor


def warp_of(centre: Tensor, sides: Tensor, draw: BoxDraw, context: float,
            size: tuple[int, int]) -> Warp:
    """The warps of boxes: RandomFaceBox, FaceContext and FaceAffine in turn.

    Args:
        centre: (N, 2) in pixels of the image.
        sides: (N, 2) in pixels of the image.
        draw: What was drawn.
        context: Factor of the sides, see :class:`mmwing.FaceContext`.
        size: (w, h) of the crop.
    """
    width, height = size
    aspect = width / height
    centre = centre + draw.offset * sides
    sides = sides * (draw.scale[:, None] * context)
    # The shorter side grows.
    across = torch.maximum(sides[:, 0], sides[:, 1] * aspect)
    sides = torch.stack([across, across / aspect], -1)
    reduction = across / width

    angle = torch.deg2rad(draw.degrees)
    cos, sin = angle.cos(), angle.sin()
    middle = centre.new_empty(2)
    middle[0], middle[1] = width / 2, height / 2
    middle = middle.expand_as(centre)
    source = similarity(reduction * cos, reduction * sin, middle, centre)
    target = similarity(cos / reduction, -sin / reduction, centre, middle)
    # The mirror about the centre: of the source's x, before the rest of the target.
    sign = torch.where(draw.mirrored, -1., 1.)
    shift = torch.where(draw.mirrored, 2 * centre[:, 0], 0.)
    flipped = torch.stack([source[:, 0] * sign[:, None], source[:, 1]], 1)
    source = torch.cat([flipped[..., :2],
                        (flipped[..., 2] + torch.stack([shift, shift * 0], -1)
                         )[..., None]], -1)
    first = target[..., 0]
    target = torch.stack([first * sign[:, None], target[..., 1],
                          target[..., 2] + first * shift[:, None]], -1)
    return Warp(source, target, reduction, centre, sides)
