"""Crop a batch of images on their device, without aliasing."""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from mmwing.geometry import invert, transform_points


def crop(images: Tensor, matrix: Tensor, size: tuple[int, int],
         samples: int = 1) -> Tensor:
    """Resample images through similarities, without aliasing.

    ``grid_sample`` reads four source pixels an output pixel, so that a crop which
    shrinks skips most of them. Here ``samples`` x ``samples`` evenly spaced samples
    of each output pixel are averaged, about its centre: what was at a pixel of the
    image lands where ``matrix`` says, whatever ``samples`` is. Coordinates count
    from 0 at the centre of the first pixel, on both sides.

    Args:
        images (Tensor): (N, C, H, W), floating point. Outside of them is 0.
        matrix (Tensor): (N, 2, 3), or one for all, (1, 2, 3): from pixels of the image
            to pixels of the crop.
        size (tuple[int, int]): (w, h) of the crop.
        samples (int): Samples along each axis; the reduction, rounded up, will do.

    Returns:
        Tensor: (N, C, h, w), float32 (float64 for images of it); differentiable in
        images and matrix.
    """
    width, height = size
    # Coordinates in half precision are off by a tenth of a pixel.
    dtype = torch.promote_types(images.dtype, torch.float32)
    with torch.autocast(images.device.type, enabled=False):
        images, matrix = images.to(dtype), matrix.to(dtype)
        xs, ys = (
            (torch.arange(side * samples, device=images.device, dtype=dtype) + 0.5)
            / samples - 0.5 for side in (width, height))
        grid = torch.stack(torch.meshgrid(xs, ys, indexing='xy'), -1)
        source = transform_points(invert(matrix), grid.reshape(1, -1, 2))
        # What grid_sample calls -1 and 1 are the outer edges of the border pixels.
        grid = torch.stack([(2 * source[..., 0] + 1) / images.shape[-1] - 1,
                            (2 * source[..., 1] + 1) / images.shape[-2] - 1], -1)
        grid = grid.reshape(-1, height * samples, width * samples, 2)
        grid = grid.expand(images.shape[0], -1, -1, -1)
        crops = F.grid_sample(images, grid, mode='bilinear', padding_mode='zeros',
                              align_corners=False)
        return F.avg_pool2d(crops, samples) if samples > 1 else crops
