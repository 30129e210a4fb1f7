"""Put the box of a test where there is no face."""

import numpy as np
from mmcv.transforms import BaseTransform

from mmwing.registry import TRANSFORMS

# Draws, of which the first that lies beside the face is taken.
_DRAWS = 4096


@TRANSFORMS.register_module()
class BackgroundBox(BaseTransform):
    """Replace the face box by a random one beside it, in the same image.

    For tests of a face's score. The box is a square that lies within the image and
    does not overlap the face's; its side is drawn between a fifth of that of the face's
    box and the whole, on a logarithmic scale, its place evenly. A face gets the same
    draw in each run. Where a box finds no room beside the face, the one that overlaps
    least is taken. Other faces in the image are not looked for. Stands behind
    ``GetBBoxCenterScale``.

    Required Keys: bbox (1, 4), bbox_center (1, 2), bbox_scale (1, 2), id, img or
    ori_shape.

    Modified Keys: bbox_center, bbox_scale.

    Args:
        seed (int): Seed of the draws. Defaults to 0.
    """

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def transform(self, results: dict) -> dict:
        """See the class."""
        x1, y1, x2, y2 = results['bbox'][0]
        face = np.array([(x1 + x2) / 2, (y1 + y2) / 2])
        half_face = np.array([x2 - x1, y2 - y1]) / 2
        height, width = results.get('ori_shape') or results['img'].shape[:2]
        generator = np.random.default_rng([self.seed, int(results['id'])])
        largest = min(2 * half_face.max(), width, height)
        half = largest / 2 * 5.**-generator.random(_DRAWS)[:, None]
        size = np.array([width, height])
        center = half + generator.random((_DRAWS, 2)) * (size - 2 * half)
        overlap = np.clip(np.minimum(center + half, face + half_face)
                          - np.maximum(center - half, face - half_face), 0, None
                          ).prod(1) / (2 * half[:, 0])**2
        best = overlap.argmin()  # the first of those that do not overlap
        results['bbox_scale'] = (
            results['bbox_scale'] * half[best] / half_face.max()).astype(
                results['bbox_scale'].dtype)
        results['bbox_center'] = center[best][None].astype(
            results['bbox_center'].dtype)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(seed={self.seed})'
