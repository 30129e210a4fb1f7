"""Check that the data of a config are there before anything is built."""

from __future__ import annotations

import os
import os.path as osp
import re
from collections import Counter
from importlib.util import find_spec

from mmengine.config import Config
from mmengine.logging import MMLogger
from mmpose.datasets.datasets.base import BaseCocoStyleDataset
from mmpose.registry import DATASETS

from mmwing.datasets.face import FaceLandmarkDataset
from mmwing.datasets.formats.coco_json import check_annotation_file
from mmwing.walk import datasets, uses


def _reads_coco(dataset: dict) -> bool:
    """Whether MMPose's own reader of COCO-style files reads the annotations."""
    cls = DATASETS.get(str(dataset.get('type')))
    return (isinstance(cls, type) and issubclass(cls, BaseCocoStyleDataset)
            and not issubclass(cls, FaceLandmarkDataset))


def check_data(cfg: Config, splits: tuple[str, ...]) -> None:
    """See that what the data of ``splits`` need is there: files, folders, packages.

    Raises:
        FileNotFoundError: Names the annotation file or image folder, the split, and
            how the data root is set.
        ValueError: An annotation file in COCO style that is damaged or empty, or a
            landmark in it that no image can hold.
        ImportError: A pipeline needs albumentations.
    """
    readers: Counter[str] = Counter()
    for split in splits:
        loader = cfg.get(f'{split}_dataloader')
        if not loader:
            continue
        if uses(loader, 'Albumentation') and find_spec('albumentations') is None:
            raise ImportError(
                f'the {split} pipeline has the transform Albumentation, which needs '
                'a package: pip install "mmwing[albumentations]", or remove it from '
                'the pipeline')
        for _, dataset in datasets(loader['dataset']):
            root = dataset.get('data_root') or ''
            paths = [dataset.get('ann_file') or '']
            prefix = (dataset.get('data_prefix') or {}).get('img')
            if prefix is not None:
                paths.append(prefix)
            for path in filter(None, paths):
                full = path if osp.isabs(path) else osp.join(root, path)
                if re.match(r'\w+://', full):
                    continue
                if osp.exists(full):
                    if full.endswith('.json') and _reads_coco(dataset):
                        readers[full] += 1
                    continue
                raise FileNotFoundError(
                    f'the {split} data set {dataset.get("type")!r} needs {full!r} '
                    f'(working directory: {os.getcwd()}), which does not exist. '
                    f'Set the data root in the environment if the config reads '
                    f'it from there (300-W: MMWING_300W=/path/to/300w/), or with '
                    f'--cfg-options {split}_dataloader.dataset.data_root=/path/')
    for path, number in readers.items():
        for note in check_annotation_file(path, number):
            MMLogger.get_current_instance().warning(note)
