"""Read the annotations of a large data set without MMPose's copies of its metainfo."""

from __future__ import annotations

from mmengine.dataset import BaseDataset
from mmpose.datasets.datasets.base import BaseCocoStyleDataset


def annotation_of(dataset: BaseDataset, index: int) -> dict:
    """What a data set knows of one sample.

    As ``get_data_info``, but without what MMPose's data sets copy into each sample: the
    flip pairs, skeleton and so on of the whole data set, which take nine tenths of the
    time, and without pictures that a data set paints.

    Args:
        dataset: A data set, or a wrapper with ``get_data_info``.
        index: From 0.
    """
    # Whichever the class itself, or the nearest of its bases, has: a subclass that
    # changes get_data_info means its samples to be different.
    for cls in type(dataset).__mro__:
        if 'get_annotation' in vars(cls):
            return dataset.get_annotation(index)
        if cls is BaseCocoStyleDataset:
            return BaseDataset.get_data_info(dataset, index)
        if 'get_data_info' in vars(cls):
            break
    return dataset.get_data_info(index)
