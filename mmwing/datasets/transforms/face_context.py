"""Enlarge the face box for a model that crops for itself."""

from mmcv.transforms import BaseTransform

from mmwing.arguments import is_between
from mmwing.registry import TRANSFORMS


@TRANSFORMS.register_module()
class FaceContext(BaseTransform):
    """Widen the face box about its centre.

    :class:`mmwing.CascadeEstimator` gets more than the face and takes its crops out
    of that. Belongs between :class:`mmwing.RandomFaceBox`, whose jitter is a fraction
    of the face box, and :class:`mmwing.FaceAffine`.

    Required Keys: bbox_scale (1, 2).

    Modified Keys: bbox_scale.

    Args:
        factor (float): Of the box's sides; the ``context`` of the model.
    """

    def __init__(self, factor: float) -> None:
        if not is_between(factor, 1, 100):
            raise ValueError('factor must be at least 1, and at most 100, got '
                             f'{factor!r}')
        self.factor = factor

    def transform(self, results: dict) -> dict:
        """See the class."""
        results['bbox_scale'] = results['bbox_scale'] * self.factor
        return results

    def __repr__(self) -> str:
        return f'{self.__class__.__name__}(factor={self.factor})'
