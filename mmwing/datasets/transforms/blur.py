"""Blur the network input with a random Gaussian."""

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from mmwing.arguments import is_between, is_list
from mmwing.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomGaussianBlur(BaseTransform):
    """Blur the network input at random (Feng et al., CVPR 2018: σ 1, half the time).

    Belongs after :class:`mmwing.FaceAffine`: sigma counts input pixels, and blurring
    64x64 pixels is cheap. Landmarks do not move.

    Required Keys: img, uint8 or float32, (h, w) or (h, w, C).

    Modified Keys: img.

    Args:
        sigma (float | tuple[float, float]): Standard deviation in pixels, or a range
            to draw from. Defaults to 1.
        prob (float): Defaults to 0.5.
    """

    def __init__(self, sigma: float | tuple = 1., prob: float = 0.5) -> None:
        low, high = sigma if is_list(sigma, 2) else (sigma, sigma)
        if not is_between(low, 1e-3, 1e3) or not is_between(high, low, 1e3):
            raise ValueError('sigma must be positive, or a range (low, high) of '
                             f'positive numbers, up to 1,000 pixels; got {sigma!r}')
        if not is_between(prob, 0, 1):
            raise ValueError(f'prob must lie in [0, 1], got {prob!r}')
        self.sigma = (float(low), float(high))
        self.prob = prob

    @cache_randomness
    def _draw(self) -> float | None:
        if np.random.rand() >= self.prob:
            return None
        return np.random.uniform(*self.sigma)

    def transform(self, results: dict) -> dict:
        """See the class."""
        sigma = self._draw()
        if sigma is not None:
            results['img'] = cv2.GaussianBlur(results['img'], (0, 0), sigma)
        return results

    def __repr__(self) -> str:
        return f'{self.__class__.__name__}(sigma={self.sigma}, prob={self.prob})'
