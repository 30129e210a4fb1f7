"""How many landmarks the data sets of a config and its head have."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator

from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.registry import DATASETS


def points_of_head(head: dict) -> int | None:
    """K of a head, ``None`` if its config does not say."""
    return head.get('num_joints', head.get('out_channels'))


def _metainfo(dataset: dict) -> dict | None:
    """What names the key points of a data set, ``None`` where only it knows."""
    if dataset.get('metainfo'):
        return dataset['metainfo']
    cls = DATASETS.get(str(dataset.get('type')))
    return getattr(cls, 'METAINFO', None) or None


@functools.lru_cache
def _points_of_file(path: str) -> int:
    with warnings.catch_warnings():
        # MMPose reads its own file, and warns that it was not found elsewhere.
        warnings.simplefilter('ignore')
        return parse_pose_metainfo(dict(from_file=path))['num_keypoints']


def points_of_dataset(dataset: dict) -> int | None:
    """K of the samples of a data set, ``None`` if it cannot be told without data."""
    for transform in reversed(dataset.get('pipeline') or []):
        if str(transform.get('type')).removeprefix('mmpose.') == 'KeypointConverter':
            return transform['num_keypoints']
    metainfo = _metainfo(dataset)
    if metainfo is None:
        return None
    if 'from_file' in metainfo:
        return _points_of_file(metainfo['from_file'])
    return parse_pose_metainfo(dict(metainfo))['num_keypoints']


def _datasets(cfg: dict) -> Iterator[tuple[str, dict]]:
    for split in ('train', 'val', 'test'):
        loader = cfg.get(f'{split}_dataloader') or {}
        dataset = loader.get('dataset')
        if not isinstance(dataset, dict):
            continue
        yield split, dataset
        for part in dataset.get('datasets') or []:
            yield split, part


def check_points(cfg: dict, head: dict) -> int:
    """See that data sets and head have the same number of landmarks.

    Returns:
        That number, K.

    Raises:
        ValueError: They differ, or nothing tells.
    """
    points = points_of_head(head)
    for split, dataset in _datasets(cfg):
        of_dataset = points_of_dataset(dataset)
        if of_dataset is None:
            continue
        points = of_dataset if points is None else points
        if of_dataset != points:
            raise ValueError(
                f'{head["type"]} has {points} landmarks, but the {split} data set '
                f'{dataset["type"]} has {of_dataset}: set model.head.'
                f'{"num_joints" if "num_joints" in head else "out_channels"}='
                f'{of_dataset}, or choose another data set')
    if points is None:
        raise ValueError(f'{head["type"]} does not say how many landmarks it has: set '
                         'num_joints or out_channels')
    return points
