"""Let a config crop and augment on the device, by one key."""

from __future__ import annotations

import math
import os.path as osp
from collections.abc import Sequence
from typing import Any

from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmwing.models.data_preprocessors import BatchPipeline
from mmwing.registry import DATASETS
from mmwing.walk import datasets, find, inner_datasets, type_name

from .imports import add_import

#: Where the part of a pipeline begins that the device takes over.
_FIRST = ('mmwing.RandomFaceBox', 'mmwing.FaceContext', 'mmwing.FaceAffine')
_PACK = 'PackPoseInputs'
#: Pixels of a canvas along one of the input, by default. With fewer, crops are less
#: sharp than those of the test, which are cut from the photo.
OVERSAMPLING = 2.
_OPTIONS = {'canvas_size', 'oversampling', 'cache_dir', 'max_gigabytes', 'resident'}


def augment_on_device(cfg: Config) -> None:
    """Give the crop and the augmentation of the training to the device.

    The key ``augment_on_device`` of a config asks for it, a dict that may be empty::

        _base_ = ['./my_config.py', '.../_base_/augment_on_device.py']

    The training pipeline is divided in front of the crop: what is in front stays with
    the data set, which becomes a :class:`mmwing.CanvasDataset`, and the rest goes to a
    :class:`mmwing.FaceAugmentor` with the same settings. That of a
    :class:`mmwing.PipelineSwitchHook` is divided, too. Validation and test stay as they
    are. Without the key, nothing changes.

    Keys of the dict:

    - ``canvas_size``: side of the canvases in pixels; default: from ``oversampling``.
    - ``oversampling``: pixels of a canvas along one of the input. Default: 2.
    - ``cache_dir``, ``max_gigabytes``, ``resident``: see ``CanvasDataset``. The default
      of ``cache_dir`` is ``canvases`` beside the work dir.

    Args:
        cfg: The config of a run, changed in place.

    Raises:
        ValueError: Something of the config has no counterpart on the device.
    """
    options = cfg.pop('augment_on_device', None)
    if options is None or not cfg.get('train_dataloader'):
        return
    unknown = set(options) - _OPTIONS
    if unknown:
        raise ValueError(f'augment_on_device has the keys {sorted(_OPTIONS)}, got '
                         f'{sorted(unknown)}')
    preprocessor = (cfg.model.get('data_preprocessor') or {})
    if type_name(preprocessor) != 'PoseDataPreprocessor':
        raise ValueError('augment_on_device needs model.data_preprocessor of the type '
                         f'PoseDataPreprocessor, got {preprocessor.get("type")!r}')
    dataset = cfg.train_dataloader.dataset
    leaves = list(_leaves(dataset, 'train_dataloader.dataset'))
    parts = [_divide(_owner(leaf).get('pipeline') or [], key) for key, leaf in leaves]
    switches = [(hook, _divide(hook['switch_pipeline'], key)) for key, hook in find(
        cfg.get('custom_hooks') or [], 'mmwing.PipelineSwitchHook', 'custom_hooks')]
    device = parts[0][1]
    if any(other != device for _, other in parts[1:]):
        raise ValueError('augment_on_device needs the same augmentation in all '
                         f'training data sets; {leaves[0][0]} and others differ in it')
    pipelines = [BatchPipeline(each) for each in (
        device, *(later for _, (_, later) in switches))]
    reach = max(each.reach for each in pipelines)
    work_dir = osp.abspath(cfg.get('work_dir') or 'work_dirs/run')
    settings = {
        'size': options.get('canvas_size') or _canvas_size(
            pipelines[0], reach, options.get('oversampling', OVERSAMPLING)),
        'cache_dir': options.get('cache_dir', osp.join(
            osp.dirname(work_dir), 'canvases')),
        **{key: options[key] for key in ('max_gigabytes', 'resident')
           if key in options}}
    pack = {'type': 'mmwing.PackCanvas', 'reach': reach}
    for (_, leaf), (host, _) in zip(leaves, parts, strict=True):
        _owner(leaf).pop('pipeline')
        inner = dict(leaf)
        leaf.clear()
        leaf.update(type='mmwing.CanvasDataset', dataset=inner,
                    pipeline=[*host, pack],
                    context=2 * reach * _padding(host), **settings)
    for hook, (host, later) in switches:
        hook.update(switch_pipeline=[*host, pack], device_pipeline=later)
    cfg.model.data_preprocessor = {**preprocessor, 'type': 'mmwing.FaceAugmentor',
                                   'pipeline': device}
    add_import(cfg)


def write_canvases(cfg: Config, data_root: str) -> list[str]:
    """Cut the canvases of a config's training set ahead, where it will look for them.

    Args:
        cfg: A config with ``augment_on_device``; without it, the defaults hold.
        data_root: Folder of the data set; the canvases go into ``canvases`` there.

    Returns:
        Paths of the files.

    Raises:
        ValueError: See :func:`augment_on_device`.
    """
    cfg.setdefault('augment_on_device', {})
    augment_on_device(cfg)
    init_default_scope(cfg.get('default_scope', 'mmpose'))
    files = []
    for _, dataset in find(cfg.train_dataloader, 'mmwing.CanvasDataset'):
        for _, leaf in datasets(dataset):
            leaf['data_root'] = data_root
        dataset['cache_dir'] = osp.join(data_root, 'canvases')
        files.append(str(DATASETS.build(dataset).store.file))
    return files


def _leaves(dataset: dict, key: str) -> Any:
    """Data sets that read annotations, or the subset of one, with their keys."""
    inner = inner_datasets(dataset, key)
    if not inner or type_name(dataset) == 'mmwing.SubsetDataset':
        yield key, dataset
        return
    for where, each in inner:
        yield from _leaves(each, where)


def _owner(leaf: dict) -> dict:
    """What has the pipeline of a leaf."""
    return _owner(leaf['dataset']) if 'dataset' in leaf else leaf


def _divide(pipeline: Sequence[dict], key: str) -> tuple[list[dict], list[dict]]:
    """What stays in the data set, and what goes to the device."""
    steps = [dict(step) for step in pipeline]
    names = [type_name(step) for step in steps]
    first = next((index for index, name in enumerate(names) if name in _FIRST), None)
    if first is None or names[-1] != _PACK:
        raise ValueError(
            f'{key}: augment_on_device needs a pipeline with mmwing.FaceAffine that '
            f'ends in {_PACK}, got {names}')
    return steps[:first], steps[first:-1]


def _padding(host: Sequence[dict]) -> float:
    """What the box is enlarged by, so that the canvases show as much."""
    for step in host:
        if type_name(step) == 'GetBBoxCenterScale':
            return step.get('padding', 1.25)
    return 1.


def _canvas_size(pipeline: BatchPipeline, reach: float, oversampling: float) -> int:
    """Pixels along a canvas that give the input so many for each of its own."""
    side = max(pipeline.size) * oversampling * 2 * reach / pipeline.context
    return 16 * math.ceil(side / 16)
