"""Say in words by which boxes a data set crops its faces, before any padding."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

from mmwing.datasets.face.synthetic_face_dataset import SyntheticFaceDataset
from mmwing.runtime.boxes import LANDMARK_BOX
from mmwing.walk import datasets, type_name, uses

#: Boxes of which no more is known.
OTHER_BOX = 'those of the annotations'


def boxes_of_data(dataset: dict) -> str:
    """Which boxes the faces of a config's data set have.

    The padding of ``GetBBoxCenterScale`` comes on top of them, in training and in use.

    Args:
        dataset: Config of a data set, wrappers and pipeline and all.

    Returns:
        Words, the same for the same boxes; :data:`OTHER_BOX` where it depends on the
        files, or where joined data sets differ.
    """
    found = {_boxes(each) for _, each in datasets(dataset)}
    if len(found) > 1 or uses(dataset, 'mmwing.BoxFromFile'):
        return OTHER_BOX
    return found.pop()


def _boxes(dataset: Mapping) -> str:
    kind = type_name(dataset)
    if kind == 'Face300WDataset' or (
            kind == 'mmwing.FaceLandmarkDataset' and dataset.get('landmark_box')):
        return LANDMARK_BOX
    if kind == 'mmwing.SyntheticFaceDataset':
        default = inspect.signature(SyntheticFaceDataset).parameters['bbox_scale']
        scale = dataset.get('bbox_scale', default.default)
        return LANDMARK_BOX if scale == 1 else f'{scale:g} times the landmark box'
    return OTHER_BOX
