"""RandomColor for a batch."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from mmwing.datasets.transforms import RandomColor
from mmwing.datasets.transforms.color import LUMA_BGR


class ColorDraw(NamedTuple):
    """What is drawn, each (N,) but ``tint`` (N, 3); see :class:`mmwing.RandomColor`."""

    changed: Tensor
    brightness: Tensor
    contrast: Tensor
    saturation: Tensor
    tint: Tensor


class BatchColor:
    """:class:`mmwing.RandomColor` for images (N, 3, h, w) of values 0 to 255.

    Args:
        transform: Whose settings are taken.
    """

    def __init__(self, transform: RandomColor) -> None:
        self.transform = transform

    def draw(self, count: int, size: tuple[int, int],
             generator: torch.Generator) -> ColorDraw:
        """Draw for each of ``count`` images."""
        own = self.transform
        numbers = torch.rand(count, 8, generator=generator, device=generator.device)
        amounts = 2 * numbers[:, :6] - 1
        grey = numbers[:, 6] < own.grey_prob
        return ColorDraw(
            numbers[:, 7] < own.prob, 255 * own.brightness * amounts[:, 0],
            1 + own.contrast * amounts[:, 1],
            torch.where(grey, 0, 1 + own.saturation * amounts[:, 2]),
            1 + own.tint * amounts[:, 3:])

    def apply(self, images: Tensor, draw: ColorDraw) -> Tensor:
        """Change the images as drawn."""
        luma = torch.stack([torch.full_like(draw.contrast, float(part))
                            for part in LUMA_BGR], -1)  # (N, 3)
        grey = images.mean((2, 3))
        mean = (luma * grey).sum(-1)
        matrix = (draw.saturation[:, None, None] * torch.eye(3, device=images.device)
                  + (1 - draw.saturation)[:, None, None] * luma[:, None])
        # A grey image stays grey: colour of the light is gone with the rest.
        tint = torch.where(draw.saturation[:, None] > 0, draw.tint, 1)
        matrix = draw.contrast[:, None, None] * matrix * tint[..., None]
        offset = (1 - draw.contrast) * mean + draw.brightness
        matrix = torch.where(draw.changed[:, None, None], matrix,
                             torch.eye(3, device=images.device))
        offset = torch.where(draw.changed, offset, 0)
        # Half precision, which autocast takes for products, is a grey level off.
        with torch.autocast(images.device.type, enabled=False):
            changed = torch.baddbmm(offset[:, None, None], matrix, images.flatten(2))
        return changed.clamp_(0, 255).view_as(images)
