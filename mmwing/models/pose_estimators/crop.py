"""Crop a batch of images on their device, without aliasing."""

import torch
from torch import Tensor

from mmwing.geometry import invert
from mmwing.models.resample import resample


def crop(images: Tensor, matrix: Tensor, size: tuple[int, int],
         samples: int = 1) -> Tensor:
    """Resample images through similarities, without aliasing.

    What was at a pixel of the image lands where ``matrix`` says, whatever ``samples``
    is, see :func:`mmwing.models.resample.resample`.

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
    # Coordinates in half precision are off by a tenth of a pixel.
    dtype = torch.promote_types(images.dtype, torch.float32)
    with torch.autocast(images.device.type, enabled=False):
        return resample(images.to(dtype), invert(matrix.to(dtype)), size, samples)
