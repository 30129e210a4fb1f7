"""Add a known amount of noise to the labels."""

import numpy as np
from mmcv.transforms import BaseTransform

from mmwing.arguments import is_between, is_whole
from mmwing.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LabelNoise(BaseTransform):
    """Displace landmarks of the training set at random, the same way in each epoch.

    For studies, and for training alone. A face gets the same draw in each run,
    whatever the order and the number of workers, so that its labels are wrong, not
    noisy; noise of different size is a multiple of the same draw. ``prob=1`` with a
    small ``sigma`` is careless annotation, a small ``prob`` with a large ``sigma`` are
    gross mistakes. Stands behind ``GetBBoxCenterScale`` and in front of the geometry.

    Required Keys: keypoints (1, K, 2), bbox_scale (1, 2), id.

    Modified Keys: keypoints.

    Args:
        sigma (float): Standard deviation along each axis, as a fraction of the box's
            shorter side. Defaults to 0, which changes nothing.
        prob (float): Share of the landmarks that are displaced. Defaults to 1.
        seed (int): Seed of the draws. Defaults to 0.

    Raises:
        ValueError: If ``sigma`` is negative or larger than 10 boxes, or ``prob`` no
            probability.
    """

    def __init__(self, sigma: float = 0., prob: float = 1., seed: int = 0) -> None:
        if not is_between(sigma, 0, 10):
            raise ValueError('sigma must be a fraction of the box, from 0 to 10, got '
                             f'{sigma!r}')
        if not is_between(prob, 0, 1):
            raise ValueError(f'prob must lie in [0, 1], got {prob!r}')
        if not is_whole(seed, 0):
            raise ValueError(f'seed must be a whole number from 0, got {seed!r}')
        self.sigma = sigma
        self.prob = prob
        self.seed = seed

    def transform(self, results: dict) -> dict:
        """See the class."""
        keypoints = results['keypoints']
        rng = np.random.default_rng([self.seed, int(results['id'])])
        wrong = rng.random(keypoints.shape[:2]) < self.prob
        offset = rng.standard_normal((*keypoints.shape[:2], 2)) * wrong[..., None]
        moved = keypoints.copy()
        moved[..., :2] += self.sigma * results['bbox_scale'].min() * offset
        results['keypoints'] = moved
        return results

    def __repr__(self) -> str:
        return (f'{type(self).__name__}(sigma={self.sigma}, prob={self.prob}, '
                f'seed={self.seed})')
