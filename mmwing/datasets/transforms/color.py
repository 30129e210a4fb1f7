"""Change brightness, contrast, saturation and tint by one colour matrix."""

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from mmwing.arguments import is_between
from mmwing.registry import TRANSFORMS

# Rec. 601 luma, in the B, G, R order that MMPose loads images in.
LUMA_BGR = np.array([0.114, 0.587, 0.299])


@TRANSFORMS.register_module()
class RandomColor(BaseTransform):
    """Change light and colour in one pass over the pixels.

    All five changes are affine in (B, G, R), so they are multiplied into one 3x4
    matrix and applied once, with rounding and clipping at the end. MMPose's
    ``PhotometricDistortion`` swaps channels in half of its samples (blue faces) and
    applies contrast twice or not at all.

    Belongs after :class:`mmwing.FaceAffine`, where there are few pixels. Each amount
    ``a`` is drawn uniformly from ±a.

    Required Keys: img, uint8 of shape (h, w, 3).

    Modified Keys: img.

    Args:
        brightness (float): Shift, as a fraction of 255. Defaults to 0.15.
        contrast (float): Gain about the image's mean grey is 1 ± this. Defaults to
            0.3.
        saturation (float): Gain of the colour difference is 1 ± this. Defaults to
            0.3.
        tint (float): Gain of each channel is 1 ± this (colour of the light).
            Defaults to 0.1.
        grey_prob (float): Probability of removing the colour. Defaults to 0.1.
        prob (float): Probability of changing anything. Defaults to 0.8.
    """

    def __init__(self,
                 brightness: float = 0.15,
                 contrast: float = 0.3,
                 saturation: float = 0.3,
                 tint: float = 0.1,
                 grey_prob: float = 0.1,
                 prob: float = 0.8) -> None:
        for name, value in dict(
                brightness=brightness, contrast=contrast, saturation=saturation,
                tint=tint, grey_prob=grey_prob, prob=prob).items():
            if not is_between(value, 0, 1):
                raise ValueError(f'{name} must lie in [0, 1], got {value!r}')
        self.brightness = brightness
        self.contrast = contrast
        self.saturation = saturation
        self.tint = tint
        self.grey_prob = grey_prob
        self.prob = prob

    @cache_randomness
    def _draw(self) -> tuple | None:
        """Brightness, contrast, saturation, tint (3,), or None for no change."""
        if np.random.rand() >= self.prob:
            return None
        amounts = np.random.uniform(-1, 1, 6)
        saturation = 1 + self.saturation * amounts[2]
        if np.random.rand() < self.grey_prob:
            saturation = 0.
        return (255 * self.brightness * amounts[0], 1 + self.contrast * amounts[1],
                saturation, 1 + self.tint * amounts[3:])

    def transform(self, results: dict) -> dict:
        """See the class.

        Raises:
            ValueError: If the image has not three channels.
        """
        drawn = self._draw()
        if drawn is None:
            return results
        image = results['img']
        if image.ndim != 3 or image.shape[2] != 3:
            raise ValueError('RandomColor needs an image of shape (h, w, 3), got '
                             f'{image.shape}')
        brightness, contrast, saturation, tint = drawn
        matrix = saturation * np.eye(3) + (1 - saturation) * LUMA_BGR
        if saturation > 0:
            # A grey image stays grey: colour of the light is gone with the rest.
            matrix = matrix * tint[:, None]
        mean = LUMA_BGR @ cv2.mean(image)[:3]
        offset = (1 - contrast) * mean + brightness
        results['img'] = cv2.transform(
            image, np.column_stack([contrast * matrix, np.full(3, offset)]))
        return results

    def __repr__(self) -> str:
        return (f'{self.__class__.__name__}(brightness={self.brightness}, '
                f'contrast={self.contrast}, saturation={self.saturation}, '
                f'tint={self.tint}, grey_prob={self.grey_prob}, prob={self.prob})')
