"""Jitter, rotate and mirror the face box."""

import numpy as np
from mmcv.transforms.utils import cache_randomness
from mmpose.datasets.transforms import RandomBBoxTransform

from mmwing.arguments import is_between
from mmwing.registry import TRANSFORMS

DISTRIBUTIONS = ('uniform', 'truncnorm')


@TRANSFORMS.register_module()
class RandomFaceBox(RandomBBoxTransform):
    """Jitter, rotate and mirror the face box; image and landmarks stay as they are.

    The augmentation of Feng et al. (CVPR 2018, section 6): rotation within ±30°
    (±10° for the second stage), the box's top left and bottom right corner moved
    by up to 5 % of its size, horizontal flip. A box is a centre, a size, an angle and
    whether its content is mirrored; this transform draws them, and
    :class:`mmwing.FaceAffine`, further down the pipeline, applies them to pixels and
    landmarks in one warp.

    The two corners move independently. Their mean displacement moves the centre;
    their difference resizes the box, by the same factor along both sides: a crop of
    fixed aspect cannot show two, and MMPose's aspect fix would answer with a box
    that is too large on average.

    The mirror is about the centre of the box, which equals MMPose's ``RandomFlip``
    followed by its box transform and its warp. MMPose's ``TopdownAffine`` does not
    know ``bbox_mirrored``: behind it, faces are never mirrored.

    Required Keys: bbox_center (1, 2), bbox_scale (1, 2), flip_indices (K,) (when
    ``flip_prob > 0``), keypoints (1, K, 2) (optional).

    Modified Keys: bbox_center, bbox_scale.

    Added Keys: bbox_rotation (1,) in degrees, bbox_mirrored (bool).

    Args:
        rotation (float): Largest angle in degrees. Defaults to 30.
        jitter (float): Largest displacement of a corner along each axis, as a
            fraction of the box, in [0, 0.5). Defaults to 0.05.
        flip_prob (float): Probability of mirroring. Defaults to 0.5.
        distribution (str): ``'uniform'``, or ``'truncnorm'``: MMPose's normal
            distribution cut at one standard deviation. Defaults to ``'uniform'``.
    """

    def __init__(self,
                 rotation: float = 30.,
                 jitter: float = 0.05,
                 flip_prob: float = 0.5,
                 distribution: str = 'uniform') -> None:
        if not is_between(rotation, 0, 180):
            raise ValueError('rotation must lie in [0, 180] degrees, '
                             f'got {rotation!r}')
        if not is_between(jitter, 0, 0.5) or jitter == 0.5:
            raise ValueError('jitter must be a fraction of the box in [0, 0.5), '
                             f'got {jitter!r}')
        if not is_between(flip_prob, 0, 1):
            raise ValueError(f'flip_prob must lie in [0, 1], got {flip_prob!r}')
        if distribution not in DISTRIBUTIONS:
            raise ValueError(f'distribution must be one of {DISTRIBUTIONS}, '
                             f'got {distribution!r}')
        super().__init__(
            shift_factor=jitter,
            shift_prob=1.,
            scale_factor=(1 - 2 * jitter, 1 + 2 * jitter),
            scale_prob=1.,
            rotate_factor=rotation,
            rotate_prob=1.)
        self.flip_prob = flip_prob
        self.distribution = distribution

    def _draw(self, size: tuple) -> np.ndarray:
        """Random numbers in [-1, 1], zero on average."""
        if self.distribution == 'uniform':
            return np.random.uniform(-1, 1, size)
        # Rejection, because one call of scipy's truncnorm costs as much as the
        # whole warp. 0.68 of the draws fall inside.
        values = np.random.standard_normal(size)
        outside = np.abs(values) > 1
        while outside.any():
            values[outside] = np.random.standard_normal(int(outside.sum()))
            outside = np.abs(values) > 1
        return values

    @cache_randomness
    def _get_transform_params(self, num_bboxes: int) -> tuple:
        """See the parent. Offsets (n, 2), scales (n, 1), degrees (n,)."""
        corners = self._draw((num_bboxes, 2, 2)) * self.shift_factor
        offset = corners.mean(axis=1)
        scale = 1 + (corners[:, 1] - corners[:, 0]).mean(axis=1, keepdims=True)
        rotate = self._draw((num_bboxes, )) * self.rotate_factor
        return (offset.astype(np.float32), scale.astype(np.float32),
                rotate.astype(np.float32))

    @cache_randomness
    def _choose_flip(self) -> bool:
        return bool(np.random.rand() < self.flip_prob)

    def transform(self, results: dict) -> dict:
        """See the class.

        Raises:
            KeyError: If mirroring is asked for without ``flip_indices``.
            ValueError: If these are for another number of landmarks.
        """
        self._check_flip_indices(results)
        results = super().transform(results)
        results['bbox_mirrored'] = self._choose_flip()
        return results

    def _check_flip_indices(self, results: dict) -> None:
        pairs, points = results.get('flip_indices'), results.get('keypoints')
        if pairs is None:
            if self.flip_prob > 0:
                raise KeyError(
                    'RandomFaceBox needs flip_indices to mirror a face: give the '
                    'data set metainfo with swapped points, or set flip_prob=0')
        elif points is not None and len(pairs) != points.shape[1]:
            raise ValueError(
                f'{results.get("img_path")!r} is annotated with {points.shape[1]} '
                f'landmarks, but the data set describes {len(pairs)} (flip_indices in '
                'its metainfo): choose the data set type or the metainfo of these '
                'landmarks, or correct the annotation')

    def __repr__(self) -> str:
        return (f'{self.__class__.__name__}(rotation={self.rotate_factor}, '
                f'jitter={self.shift_factor}, flip_prob={self.flip_prob}, '
                f'distribution={self.distribution!r})')
