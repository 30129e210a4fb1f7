"""Estimate the horizontal label offset from a test with mirrored images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset

from mmwing.datasets.transforms import RemoveLabelOffset
from mmwing.datasets.wrappers import inner_datasets

from .bootstrap import bootstrap_interval
from .faces import EvaluatedFaces


@dataclass(frozen=True)
class LabelOffset:
    """How far to the right of the true points the labels of a data set lie.

    Attributes:
        value: Pixels of the image, on average over the faces.
        low: Lower end of the 95 % interval over faces.
        high: Upper end.
        removed: Offset that the pipelines subtract already, of which ``value``, ``low``
            and ``high`` contain all.
    """

    value: float
    low: float
    high: float
    removed: float = 0.

    @property
    def is_right(self) -> bool:
        """Whether what is removed already lies within the interval."""
        return self.low <= self.removed <= self.high

    def advice(self) -> str:
        """What was found, and the line to put into the config if there is one."""
        found = (f'The labels lie {self.value:.2f} pixels to the right of the true '
                 f'points (95 % over faces: {self.low:.2f} to {self.high:.2f})')
        if self.is_right:
            already = (f', and the pipelines subtract {self.removed:g}'
                       if self.removed else ', which is no offset to speak of')
            return f'{found}{already}: leave the config as it is.'
        place = (f'in the place of offset={self.removed:g}' if self.removed
                 else 'behind the image loader')
        return (f'{found}. Put\n\n'
                f"    dict(type='mmwing.RemoveLabelOffset', offset={self.value:.2f}),"
                f'\n\n{place} in every pipeline, of training, validation and test, and '
                'train anew.')


def measure_label_offset(faces: EvaluatedFaces, removed: float = 0.) -> LabelOffset:
    """Offset in x between labels and true points, as mirrored images show it.

    A network that was trained with mirrored faces cannot learn an offset of the labels
    in x: in half of its training it lies on the other side. What its predictions,
    averaged with those on the mirrored image (``flip_test``), are off by in x, over all
    landmarks and faces, is the offset. In y a mirror shows nothing.

    Args:
        faces: What a test with ``flip_test`` has found.
        removed: ``offset`` of :class:`mmwing.RemoveLabelOffset` in the pipelines of
            that training and test.

    Raises:
        ValueError: If no face has an annotated landmark.
    """
    usable = faces.visible.any(1)
    if not usable.any():
        raise ValueError('there is no annotated face to measure an offset on')
    errors = np.where(faces.visible, faces.gt[..., 0] - faces.pred[..., 0], 0)[usable]
    offsets = removed + errors.sum(1) / faces.visible[usable].sum(1)
    low, high = bootstrap_interval(offsets[:, None])
    return LabelOffset(float(offsets.mean()), float(low[0]), float(high[0]), removed)


def removed_offset(dataset: BaseDataset) -> float:
    """Offset in x that the pipelines of a data set, wrapped or joined, subtract.

    Raises:
        ValueError: If it is not the same for all of the data sets that are joined.
    """
    found = _removed_offsets(dataset)
    if not np.allclose(found, found[0]):
        raise ValueError('the offset is measured for faces that are read alike, but '
                         'RemoveLabelOffset subtracts '
                         f'{" and ".join(f"{offset:g}" for offset in found)} in the '
                         'data sets that are joined: measure each of them')
    return found[0]


def _removed_offsets(dataset: Any) -> list[float]:
    """One for each data set that has no other in it."""
    own = _removed(getattr(dataset, 'pipeline', None))
    # MMPose's CombinedDataset has a pipeline behind those of its data sets.
    return [own + offset for each in inner_datasets(dataset)
            for offset in _removed_offsets(each)] or [own]


def _removed(transform: Callable | None) -> float:
    if isinstance(transform, RemoveLabelOffset):
        return transform.offset[0]
    return sum(_removed(inner) for inner in getattr(transform, 'transforms', ()))
