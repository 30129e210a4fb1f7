"""RandomGaussianBlur for a batch."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from mmwing.datasets.transforms import RandomGaussianBlur


class BatchBlur:
    """:class:`mmwing.RandomGaussianBlur` for images (N, C, h, w).

    Args:
        transform: Whose settings are taken.
    """

    def __init__(self, transform: RandomGaussianBlur) -> None:
        self.transform = transform

    def draw(self, count: int, size: tuple[int, int],
             generator: torch.Generator) -> Tensor:
        """Draw a sigma for each of ``count`` images, (N,); 0 for no blur."""
        low, high = self.transform.sigma
        numbers = torch.rand(count, 2, generator=generator, device=generator.device)
        return torch.where(numbers[:, 0] < self.transform.prob,
                           low + (high - low) * numbers[:, 1], 0)

    def apply(self, images: Tensor, draw: Tensor) -> Tensor:
        """Blur the images, with the kernels that OpenCV has for 8 bits."""
        reach = min(_radius(self.transform.sigma[1]), *(side - 1 for side in
                                                        images.shape[2:]))
        if reach == 0:
            return images
        places = torch.arange(-reach, reach + 1, device=images.device,
                              dtype=images.dtype)[None]
        sigma = draw[:, None]
        length = torch.round(6 * sigma + 1)
        radius = torch.div(length, 2, rounding_mode='floor')
        kernel = torch.exp(-0.5 * (places / sigma.clamp(min=1e-3))**2)
        kernel = torch.where(places.abs() <= radius, kernel, 0)
        kernel = (kernel / kernel.sum(1, keepdim=True))[..., None, None, None]
        for axis in (3, 2):
            sides = [reach, reach, 0, 0] if axis == 3 else [0, 0, reach, reach]
            padded = F.pad(images, sides, mode='reflect')
            length_out = images.shape[axis]
            images = torch.zeros_like(images)
            for tap in range(2 * reach + 1):
                images.addcmul_(kernel[:, tap], padded.narrow(axis, tap, length_out))
        return images


def _radius(sigma: float) -> int:
    """Of OpenCV's kernel: its length 6 sigma + 1, rounded, is made odd."""
    return math.floor(round(6 * sigma + 1) / 2)
