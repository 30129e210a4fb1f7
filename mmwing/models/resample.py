"""Resample images on their device, without aliasing."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor


def resample(images: Tensor, source: Tensor, size: tuple[int, int], samples: int = 1,
             factor: Tensor | None = None) -> Tensor:
    """Read images at places that are affine in the output, averaging where they shrink.

    ``grid_sample`` reads four source pixels an output pixel, so that a crop which
    shrinks skips most of them. Here evenly spaced samples of each output pixel, about
    its centre, are averaged: what was at a pixel of the image lands where ``source``
    says, whatever their number is. Coordinates count from 0 at the centre of the first
    pixel, on both sides.

    Args:
        images (Tensor): (N, C, H, W), floating point. Outside of them is 0.
        source (Tensor): (N, 2, 3), or one for all, (1, 2, 3): from pixels of the output
            to pixels of the image.
        size (tuple[int, int]): (w, h) of the output.
        samples (int): Samples along each axis.
        factor (Tensor, optional): (N,), fewer samples along each axis for some images;
            at most ``samples``. The result is that of so many, at the cost of
            ``samples``.

    Returns:
        Tensor: (N, C, h, w) of the images' dtype; differentiable in images and source.
    """
    width, height = size
    offset, weight = _sample_places(samples, factor, images)
    xs, ys = (
        (torch.arange(side, device=images.device, dtype=images.dtype)[None, :, None]
         + offset[:, None]).flatten(1) for side in (width, height))
    # What grid_sample calls -1 and 1 are the outer edges of the border pixels.
    unit = [2 / images.shape[-1], 2 / images.shape[-2]]
    grid = torch.stack([
        source[:, axis, 0, None, None] * unit[axis] * xs[:, None]
        + (source[:, axis, 1, None, None] * unit[axis] * ys[..., None]
           + (source[:, axis, 2, None, None] + 0.5) * unit[axis] - 1)
        for axis in range(2)], -1)
    grid = grid.expand(images.shape[0], -1, -1, -1)
    result = F.grid_sample(images, grid, mode='bilinear', padding_mode='zeros',
                           align_corners=False)
    if samples == 1:
        return result
    if weight is None:
        return F.avg_pool2d(result, samples)
    result = result.unflatten(3, (width, samples)) * weight[:, None, None, None]
    result = result.sum(-1).unflatten(2, (height, samples)) * weight[:, None, None, :,
                                                                     None]
    return result.sum(3)


def _sample_places(samples: int, factor: Tensor | None,
                   like: Tensor) -> tuple[Tensor, Tensor | None]:
    """Offsets from a pixel's centre and weights of its samples, (N or 1, samples)."""
    number = torch.arange(samples, device=like.device, dtype=like.dtype)[None]
    if factor is None:
        return (number + 0.5) / samples - 0.5, None
    count = factor.to(like.dtype)[:, None]
    used = number < count
    return (torch.where(used, (number + 0.5) / count - 0.5, 0),
            torch.where(used, 1 / count, 0))
