"""RandomOcclusion for a batch."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from mmwing.datasets.transforms import RandomOcclusion


class OcclusionDraw(NamedTuple):
    """What is drawn for P patches of each image, see :class:`mmwing.RandomOcclusion`.

    Attributes:
        used: Whether there is such a patch, (N, P) bool.
        sides: (N, P, 2) as w, h in pixels.
        corner: First pixel, (N, P, 2) as x, y.
        other: First pixel of what is copied, (N, P, 2).
        fill: Index into the fills of the transform, (N, P).
        color: (N, P, 3).
        noise: (N, 3, h, w), for patches of noise; None where there are none.
    """

    used: Tensor
    sides: Tensor
    corner: Tensor
    other: Tensor
    fill: Tensor
    color: Tensor
    noise: Tensor | None


class BatchOcclusion:
    """:class:`mmwing.RandomOcclusion` for images (N, 3, h, w) of values 0 to 255.

    Args:
        transform: Whose settings are taken.
    """

    def __init__(self, transform: RandomOcclusion) -> None:
        self.transform = transform

    def draw(self, count: int, size: tuple[int, int],
             generator: torch.Generator) -> OcclusionDraw:
        """Draw for each of ``count`` images of ``size`` (w, h)."""
        own, device = self.transform, generator.device
        patches = own.max_patches

        def rand(*shape: int) -> Tensor:
            return torch.rand(*shape, generator=generator, device=device)

        number = torch.floor(rand(count, 1) * patches) + 1
        used = ((rand(count, 1) < own.prob)
                & (torch.arange(patches, device=device) < number))
        low, high = own.size
        extent = torch.stack([torch.full((), float(side), device=device)
                              for side in size])
        sides = (low + (high - low) * rand(count, patches, 2)) * extent
        sides = sides.round().clamp(min=1)
        room = extent - sides + 1
        corner = torch.floor(rand(count, patches, 2) * room)
        other = torch.floor(rand(count, patches, 2) * room)
        noise = None
        if 'noise' in own.fills:
            noise = torch.floor(rand(count, 3, size[1], size[0]) * 256)
        return OcclusionDraw(
            used, sides, corner, other,
            torch.floor(rand(count, patches) * len(own.fills)),
            torch.floor(rand(count, patches, 3) * 256), noise)

    def apply(self, images: Tensor, draw: OcclusionDraw) -> Tensor:
        """Put the patches on the images, one after the other."""
        height, width = images.shape[2:]
        ys = torch.arange(height, device=images.device)[:, None]
        xs = torch.arange(width, device=images.device)
        source = images.flatten(2)
        for patch in range(self.transform.max_patches):
            x, y = (draw.corner[:, patch, axis, None, None] for axis in (0, 1))
            w, h = (draw.sides[:, patch, axis, None, None] for axis in (0, 1))
            inside = ((xs >= x) & (xs < x + w) & (ys >= y) & (ys < y + h)
                      & draw.used[:, patch, None, None])[:, None]  # (N, 1, h, w)
            for index, fill in enumerate(self.transform.fills):
                here = inside & (draw.fill[:, patch] == index)[:, None, None, None]
                if fill == 'noise':
                    assert draw.noise is not None  # drawn where it is a fill
                    value = draw.noise
                elif fill == 'color':
                    value = draw.color[:, patch, :, None, None]
                else:
                    dx, dy = ((draw.other - draw.corner)[:, patch, axis, None, None]
                              for axis in (0, 1))
                    place = ((ys + dy).clamp(0, height - 1) * width
                             + (xs + dx).clamp(0, width - 1))
                    place = place.long().flatten(1)[:, None].expand(-1, 3, -1)
                    value = source.gather(2, place).view_as(images)
                images = torch.where(here, value, images)
        return images
