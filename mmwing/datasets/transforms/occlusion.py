"""Cover a random part of the face with a patch."""

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from mmwing.arguments import is_between, is_list, is_whole
from mmwing.registry import TRANSFORMS

FILLS = ('noise', 'color', 'shuffle')


@TRANSFORMS.register_module()
class RandomOcclusion(BaseTransform):
    """Hide rectangles of the network input.

    The landmarks under a patch keep their place and their weight: the network has to
    infer them from the rest of the face. Belongs after :class:`mmwing.FaceAffine`.

    Required Keys: img, uint8 of shape (h, w, C).

    Modified Keys: img.

    Args:
        prob (float): Probability of hiding anything. Defaults to 0.5.
        max_patches (int): One to this many patches are drawn. Defaults to 2.
        size (tuple[float, float]): Range of a patch's sides as a fraction of the
            image's sides, each drawn on its own. Defaults to (0.1, 0.4).
        fills (tuple[str]): Each patch takes one of these at random: ``'noise'``
            (uniform, pixel by pixel), ``'color'`` (one random colour), ``'shuffle'``
            (another part of the same image, which looks like a hand or hair). Defaults
            to all three.
    """

    def __init__(self,
                 prob: float = 0.5,
                 max_patches: int = 2,
                 size: tuple = (0.1, 0.4),
                 fills: tuple = FILLS) -> None:
        if not is_between(prob, 0, 1):
            raise ValueError(f'prob must lie in [0, 1], got {prob!r}')
        if not is_whole(max_patches, 1, 100):
            raise ValueError('max_patches must be a whole number from 1 to 100, got '
                             f'{max_patches!r}')
        if not is_list(size, 2) or not all(is_between(side, 0, 1) for side in size) or (
                not 0 < size[0] <= size[1]):
            raise ValueError('size must be a range of fractions with '
                             f'0 < low <= high <= 1, got {size!r}')
        if not is_list(fills) or not len(fills) or not all(
                fill in FILLS for fill in fills):
            raise ValueError(f'fills must name some of {FILLS}, got {fills!r}')
        self.prob = prob
        self.max_patches = max_patches
        self.size = tuple(size)
        self.fills = tuple(fills)

    @cache_randomness
    def _draw(self, height: int, width: int) -> list:
        """Boxes (x, y, w, h) with another corner (x2, y2) to copy from, and fills."""
        if np.random.rand() >= self.prob:
            return []
        patches = []
        low, high = self.size
        for _ in range(np.random.randint(1, self.max_patches + 1)):
            sides = np.random.uniform(low, high, 2) * (width, height)
            w, h = np.maximum(1, sides.round().astype(int))
            x, x2 = np.random.randint(0, width - w + 1, 2)
            y, y2 = np.random.randint(0, height - h + 1, 2)
            fill = self.fills[np.random.randint(len(self.fills))]
            patches.append((x, y, w, h, x2, y2, fill))
        return patches

    def transform(self, results: dict) -> dict:
        """See the class."""
        height, width = results['img'].shape[:2]
        patches = self._draw(height, width)
        if not patches:
            return results
        source = results['img']
        image = source.copy()
        for x, y, w, h, x2, y2, fill in patches:
            target = image[y:y + h, x:x + w]
            if fill == 'noise':
                target[...] = np.random.randint(0, 256, target.shape, np.uint8)
            elif fill == 'color':
                target[...] = np.random.randint(0, 256, target.shape[2:], np.uint8)
            else:
                target[...] = source[y2:y2 + h, x2:x2 + w]
        results['img'] = image
        return results

    def __repr__(self) -> str:
        return (f'{self.__class__.__name__}(prob={self.prob}, '
                f'max_patches={self.max_patches}, size={self.size}, '
                f'fills={self.fills})')
