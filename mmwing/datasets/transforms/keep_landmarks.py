"""Keep some landmarks and mark the others as not annotated."""

from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform

from mmwing.arguments import is_list, is_whole
from mmwing.registry import TRANSFORMS


@TRANSFORMS.register_module()
class KeepLandmarks(BaseTransform):
    """Take the annotation from all landmarks but some.

    The others get no weight in the loss and do not count in the metric: in both
    pipelines it answers what the number of landmarks does, with the same head and the
    same faces. Belongs in front of transforms that mirror, which exchange indices. The
    landmarks of the normaliser (the outer corners of the eyes: 36 and 45 of 68) must
    stay.

    Required Keys: keypoints_visible (1, K) or (1, K, 2).

    Modified Keys: keypoints_visible.

    Args:
        indices (Sequence[int], optional): The landmarks that keep their annotation,
            from 0; they should hold the mirror image of each. ``None`` keeps all.

    Raises:
        ValueError: If there is no index or a negative one, and for a sample with too
            few landmarks.
    """

    def __init__(self, indices: Sequence[int] | None = None) -> None:
        if indices is not None and not (
                (is_list(indices) or isinstance(indices, range)) and len(indices)
                and all(is_whole(index, 0) for index in indices)):
            raise ValueError('indices must name at least one landmark, from 0, got '
                             f'{indices!r}')
        self.indices = None if indices is None else sorted(set(indices))

    def transform(self, results: dict) -> dict:
        """See the class."""
        if self.indices is None:
            return results
        visible = results['keypoints_visible']
        if self.indices[-1] >= visible.shape[1]:
            raise ValueError(f'indices names landmark {self.indices[-1]}, but the '
                             f'sample has {visible.shape[1]}, counted from 0')
        kept = np.zeros_like(visible)
        kept[:, self.indices] = visible[:, self.indices]
        results['keypoints_visible'] = kept
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(indices={self.indices})'
