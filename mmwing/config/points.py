"""Compare the landmarks of head, data and checkpoint."""

from __future__ import annotations

import copy
import os
import warnings
from collections.abc import Mapping, Sequence

from mmpose.datasets.datasets.base import BaseCocoStyleDataset
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.evaluation.metrics import NME
from mmpose.registry import DATASETS

from mmwing.evaluation.layouts import find_layout, landmark_names
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
    points = (metainfo_of(dataset) or {}).get('num_keypoints')
    found = [] if points is None else [(dataset, points)]
    for _, inner in inner_datasets(dataset):
        found += points_of_dataset(inner)
    return found


def metainfo_of(dataset: dict) -> dict | None:
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


def points_differ(first: Mapping, second: Mapping) -> str | None:
    """In what the landmarks of two data sets differ, by their meta information.

    Names count where both have names that are more than numbers (``kpt-0``), and the
    pairs that a mirror exchanges where both have any.

    Returns:
        ``"landmark 3 is 'nose' in the one and 'mouth' in the other"``; ``None`` where
        nothing differs, or nothing is known.
    """
    count, other_count = first.get('num_keypoints'), second.get('num_keypoints')
    if count is None or other_count is None:
        return None
    if count != other_count:
        return f'the one has {count} landmarks and the other {other_count}'
    names = [landmark_names(each, count) for each in (first, second)]
    for index, (name, other) in enumerate(zip(*names, strict=False)):
        if name != other:
            return f'landmark {index} is {name!r} in the one and {other!r} in the other'
    flips = [list(each.get('flip_indices') or ()) for each in (first, second)]
    if all(map(has_pairs, flips)):
        for index, (partner, other) in enumerate(zip(*flips, strict=True)):
            if partner != other:
                return (f'in a mirrored face landmark {index} becomes {partner} in the '
                        f'one and {other} in the other')
    return None


def check_trained_landmarks(metainfo: Mapping, dataset: Mapping,
                            checkpoint: str) -> None:
    """See that weights were trained for the landmarks of a data set.

    Args:
        metainfo: What the checkpoint says of its landmarks (``meta.dataset_meta``).
        dataset: Meta information of the data set.
        checkpoint: The file, for the message.

    Raises:
        ValueError: They differ in number, names or mirrored pairs.
    """
    difference = points_differ(metainfo, dataset)
    if difference:
        raise ValueError(
            f'checkpoint {checkpoint!r} was trained on landmarks of '
            f'{metainfo.get("dataset_name")!r}, and the data set has those of '
            f'{dataset.get("dataset_name")!r}: {difference}. Give the data set the '
            'points file (metainfo) of the training, or take other weights')


def has_pairs(flip_indices: Sequence[int]) -> bool:
    """Whether a mirror exchanges any landmarks."""
    return any(index != other for index, other in enumerate(flip_indices))


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
        name = (metainfo_of(dataset) or {}).get('dataset_name')
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
