"""Compare the numbers of landmarks of head and data."""

from __future__ import annotations

import copy
import os
import warnings

from mmpose.datasets.datasets.base import BaseCocoStyleDataset
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.evaluation.metrics import NME
from mmpose.registry import DATASETS

from mmwing.evaluation.layouts import find_layout
from mmwing.walk import inner_datasets, split_datasets, type_name


def points_of_head(head: dict) -> int | None:
    """K of a head, ``None`` if its config does not say."""
    return head.get('num_joints', head.get('out_channels'))


def points_of_dataset(dataset: dict) -> list[tuple[dict, int]]:
    """K of the samples of a data set, by its own config or by those that it wraps.

    Returns:
        Each data set that tells, and its K; none where it takes data to know it.
    """
    for transform in reversed(dataset.get('pipeline') or []):
        if type_name(transform) == 'KeypointConverter':  # whatever came before
            return [(dataset, transform['num_keypoints'])]
    points = (_metainfo(dataset) or {}).get('num_keypoints')
    found = [] if points is None else [(dataset, points)]
    for _, inner in inner_datasets(dataset):
        found += points_of_dataset(inner)
    return found


def _metainfo(dataset: dict) -> dict | None:
    """The meta information of a data set, ``None`` if it takes data to know it."""
    cls = DATASETS.get(str(dataset.get('type')))
    metainfo = copy.deepcopy(dataset.get('metainfo') or getattr(cls, 'METAINFO', None))
    if cls is None or not metainfo:
        return None
    metainfo = _below_data_root(metainfo, dataset.get('data_root') or '')
    is_coco = issubclass(cls, BaseCocoStyleDataset)
    read = cls._load_metainfo if is_coco else parse_pose_metainfo
    with warnings.catch_warnings():
        # MMPose reads its own file, and warns that it was not found elsewhere.
        warnings.simplefilter('ignore')
        try:
            return read(metainfo)
        except FileNotFoundError:
            return None  # a path below a data root that is not there yet


def _below_data_root(metainfo: dict, data_root: str) -> dict:
    """``metainfo`` with the path of its file, if that lies below the data root."""
    file = os.path.join(data_root, str(metainfo.get('from_file', '')))
    if 'from_file' in metainfo and data_root and not os.path.isfile(
            metainfo['from_file']) and os.path.isfile(file):
        return {**metainfo, 'from_file': file}
    return metainfo


def advise_on_eyes(cfg: dict) -> list[str]:
    """Say where MMPose's NME stops because it knows no eyes of the data set.

    As MMPose ships it, its 300wlp config stops so at the first evaluation.
    """
    options = []
    for split in ('val', 'test'):
        evaluator = cfg.get(f'{split}_evaluator')
        dataset = (cfg.get(f'{split}_dataloader') or {}).get('dataset')
        if not isinstance(evaluator, dict) or not isinstance(dataset, dict) or (
                type_name(evaluator) != 'NME'
                or evaluator.get('norm_mode') != 'keypoint_distance'
                or evaluator.get('keypoint_indices')):
            continue
        name = (_metainfo(dataset) or {}).get('dataset_name')
        if name is None or name in NME.DEFAULT_KEYPOINT_INDICES:
            continue
        points = points_of_dataset(dataset)
        layout = find_layout(points[0][1] if points else 0)
        pair = 'FIRST,SECOND'
        if layout:
            first, second = layout.distances['inter_ocular']
            pair = f'{first[0]},{second[0]}'
        options.append(f'{split}_evaluator.keypoint_indices=[{pair}]')
    if not options:
        return []
    return [f"MMPose's NME knows no eyes of {name} and stops at the first evaluation; "
            f'name their outer corners: --cfg-options {" ".join(options)}']


def check_points(cfg: dict, key: str, head: dict) -> int:
    """See that data sets and head have the same number of landmarks.

    Args:
        cfg: The config.
        key: Dotted key of the head.
        head: The head.

    Returns:
        That number, K.

    Raises:
        ValueError: They differ, or nothing tells.
    """
    points = points_of_head(head)
    known: dict[str, list[tuple[dict, int]]] = {}
    for split, dataset in split_datasets(cfg):
        # Splits share their scheme; its file is read once.
        scheme = repr(dataset)
        if scheme not in known:
            known[scheme] = points_of_dataset(dataset)
        for part, of_dataset in known[scheme]:
            points = of_dataset if points is None else points
            if of_dataset != points:
                raise ValueError(
                    f'{head["type"]} has {points} landmarks, but the {split} data set '
                    f'{part["type"]} has {of_dataset}: set {key}.'
                    f'{"num_joints" if "num_joints" in head else "out_channels"}='
                    f'{of_dataset}, or choose another data set')
    if points is None:
        raise ValueError(f'{head["type"]} does not say how many landmarks it has: set '
                         'num_joints or out_channels')
    return points
