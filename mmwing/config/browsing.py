"""Draw samples of a config as its pipeline leaves them."""

from __future__ import annotations

import warnings
from math import isqrt

import numpy as np
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import set_random_seed

from mmwing.arguments import check_count, is_whole
from mmwing.registry import DATASETS
from mmwing.visualization import draw_sample_sheet
from mmwing.walk import type_name, with_pipelines

from .data import check_data

# 400 MB of a sheet, and as much of its tiles.
_MAX_PIXELS = 2**27


def browse_dataset(cfg: Config, split: str = 'train', number: int = 64, seed: int = 0,
                   first: int = 0, size: int = 128) -> np.ndarray:
    """Draw samples of a config after their pipeline, with the points they carry.

    Args:
        cfg: The config of a run.
        split: ``'train'``, ``'val'`` or ``'test'``.
        number: How many samples, at most; the data set may have fewer.
        seed: Of the augmentation, in [0, 2**32).
        first: Index of the first sample.
        size: Side of a tile in pixels; those of all tiles may be 2**27.

    Returns:
        The sheet, (H, W, 3) uint8, BGR.

    Raises:
        FileNotFoundError: The data are not there.
        ValueError: The config has no such split, there is nothing to draw, or the
            sheet would be too large; or ``seed`` is out of its range.
    """
    check_count('number', number)
    check_count('size', size)
    if not is_whole(seed, 0, 2**32 - 1):
        raise ValueError(f'seed must be a whole number in [0, 2**32), got {seed!r}')
    loader = cfg.get(f'{split}_dataloader')
    if not loader:
        raise ValueError(f'the config has no {split}_dataloader; choose another split')
    check_data(cfg, (split, ))
    # Packed, a sample is what the network gets: the points are labels by then.
    config = with_pipelines(loader['dataset'], lambda steps: [
        step for step in steps if type_name(step) != 'PackPoseInputs'])
    init_default_scope(cfg.get('default_scope', 'mmpose'))
    with warnings.catch_warnings():
        # MMPose tells of each file of meta information where it found it.
        warnings.filterwarnings('ignore', message='The metainfo config file')
        dataset = DATASETS.build(config)
    if not 0 <= first < len(dataset):
        raise ValueError(f'first must lie in 0 to {len(dataset) - 1}, the samples of '
                         f'the {split} split; got {first}')
    chosen = range(first, min(first + number, len(dataset)))
    if len(chosen) * size**2 > _MAX_PIXELS:
        raise ValueError(f'size must be at most {isqrt(_MAX_PIXELS // len(chosen))} '
                         f'for a sheet of {len(chosen)} samples, got {size}')
    set_random_seed(seed)
    images, points = [], []
    for index in chosen:
        sample = dataset[index]
        keypoints = sample.get('transformed_keypoints', sample['keypoints'])[0]
        known = sample['keypoints_visible'].reshape(1, len(keypoints), -1)[0, :, 0] > 0
        images.append(sample['img'])
        points.append(np.where(known[:, None], keypoints, np.nan))
    return draw_sample_sheet(images, points, size=size)
