"""Disturb the face boxes of a test by a known amount."""

import numpy as np
from mmcv.transforms import BaseTransform

from mmwing.arguments import is_between, is_whole
from mmwing.registry import TRANSFORMS


@TRANSFORMS.register_module()
class BoxError(BaseTransform):
    """Displace and resize the face box at random, as a worse detector would.

    For tests, not for training (:class:`mmwing.RandomFaceBox`): a face gets the same
    draw in each run, whatever the order and the number of workers, and errors of
    different size are multiples of the same draw. Stands behind
    ``GetBBoxCenterScale``.

    Required Keys: bbox_center (n, 2), bbox_scale (n, 2), id.

    Modified Keys: bbox_center, bbox_scale.

    Args:
        shift (float): Standard deviation of the centre along each axis, as a
            fraction of the box's side along it. Defaults to 0.
        scale (float): Standard deviation of the logarithm of the box's size.
            Defaults to 0.
        seed (int): Seed of the draws. Defaults to 0.

    Raises:
        ValueError: When an amount is negative or larger than 10 boxes.
    """

    def __init__(self, shift: float = 0., scale: float = 0., seed: int = 0) -> None:
        for name, value in (('shift', shift), ('scale', scale)):
            if not is_between(value, 0, 10):
                raise ValueError(f'{name} must be a fraction of the box, from 0 to 10, '
                                 f'got {value!r}')
        if not is_whole(seed, 0):
            raise ValueError(f'seed must be a whole number from 0, got {seed!r}')
        self.shift = shift
        self.scale = scale
        self.seed = seed

    def transform(self, results: dict) -> dict:
        """See the class."""
        center, size = results['bbox_center'], results['bbox_scale']
        draws = np.random.default_rng([self.seed, int(results['id'])]).standard_normal(
            (len(center), 3))
        results['bbox_center'] = (
            center + self.shift * draws[:, :2] * size).astype(center.dtype)
        results['bbox_scale'] = (
            size * np.exp(self.scale * draws[:, 2:])).astype(size.dtype)
        return results

    def __repr__(self) -> str:
        return (f'{type(self).__name__}(shift={self.shift}, scale={self.scale}, '
                f'seed={self.seed})')
