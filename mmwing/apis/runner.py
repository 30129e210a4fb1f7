"""From a config to a runner that trains or tests, on any device."""

from __future__ import annotations

import functools
import gc
import os
import os.path as osp
import pickle
import re
import sys
from collections import OrderedDict
from collections.abc import Callable
from importlib.util import find_spec

from mmengine.config import Config
from mmengine.runner import CheckpointLoader, Runner, find_latest_checkpoint
from mmpose.datasets.datasets.base import BaseCocoStyleDataset
from mmpose.registry import DATASETS
from torch import nn

from mmwing import stack
from mmwing.datasets.annotation_file import check_annotation_file
from mmwing.datasets.face import FaceLandmarkDataset
from mmwing.swap import give_losses_their_units, replace_mmdet_names
from mmwing.swap.heads import uses

from .resources import config_path, mmpose_config_path

#: The options of ``--launcher``, as MMPose's tools have them.
LAUNCHERS = ('none', 'pytorch', 'slurm', 'mpi')

# How PyTorch words an error in a worker of a data loader, and where in that the
# error's own message begins.
_WORKER_TRACEBACK = 'Original Traceback (most recent call last):'
_ERROR_LINE = re.compile(r'^[A-Za-z_][\w.]*(?:Error|Exception): ', re.MULTILINE)


def load_config(config: str, cfg_options: dict | None = None) -> Config:
    """Read a config by path, or one of mmwing's or MMPose's by name.

    Args:
        config: Path of a config file, the name of one that mmwing ships, or
            ``mmpose::`` and the path of one that MMPose ships.
        cfg_options: What ``--cfg-options`` gives: dotted key -> value.

    Raises:
        FileNotFoundError: A path that does not exist, or a name that MMPose does
            not ship.
        ValueError: A name that mmwing does not ship, or a file that is no
            model config.
    """
    if osp.isdir(config):
        raise ValueError(f'config {config!r} is a folder; a config file is needed')
    if '::' in config:
        config = mmpose_config_path(config)
    if not osp.isfile(config):
        if os.sep in config:
            raise FileNotFoundError(f'config {config!r} does not exist (working '
                                    f'directory: {os.getcwd()})')
        config = config_path(config)
    if osp.splitext(config)[1] not in ('.py', '.json', '.yaml', '.yml'):
        raise ValueError(f'{config!r} is no config file: its name must end in .py, '
                         '.json, .yaml or .yml')
    try:
        cfg = Config.fromfile(config)
    except SyntaxError as error:  # may be in a base; MMEngine parses without names
        raise ValueError(f'config {config!r}, or one that it inherits from, is no '
                         f'valid Python: line {error.lineno}: {error.msg}') from error
    if cfg_options:
        cfg.merge_from_dict(cfg_options)
    for key in ('model', 'default_scope'):
        if key not in cfg:
            raise ValueError(f'{config!r} is no MMPose config: it has no {key!r}')
    return cfg


def _datasets(dataset: dict):
    """The data sets inside wrappers (concatenated, repeated, balanced …)."""
    inner = dataset.get('dataset')
    several = dataset.get('datasets') or ([inner] if inner else [])
    if not several:
        yield dataset
    for child in several:
        yield from _datasets(child)


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
        ValueError: An annotation file in COCO style that is damaged or empty.
        ImportError: A pipeline needs albumentations.
    """
    for split in splits:
        loader = cfg.get(f'{split}_dataloader')
        if not loader:
            continue
        if uses(loader, 'Albumentation') and find_spec('albumentations') is None:
            raise ImportError(
                f'the {split} pipeline has the transform Albumentation, which needs '
                'a package: pip install "mmwing[albumentations]", or remove it from '
                'the pipeline')
        for dataset in _datasets(loader['dataset']):
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
                        check_annotation_file(full)
                    continue
                raise FileNotFoundError(
                    f'the {split} data set {dataset.get("type")!r} needs {full!r} '
                    f'(working directory: {os.getcwd()}), which does not exist. '
                    f'Set the data root in the environment if the config reads '
                    f'it from there (300-W: MMWING_300W=/path/to/300w/), or with '
                    f'--cfg-options {split}_dataloader.dataset.data_root=/path/')


def init_cpu_distributed(cfg: Config) -> None:
    """Start gloo where a launcher is given but there is no accelerator.

    MMEngine's own start calls ``torch.cuda.set_device`` and hands device ids
    to DistributedDataParallel, neither of which a CPU has.
    """
    import torch
    import torch.distributed as dist

    if cfg.get('launcher', 'none') == 'none' or torch.cuda.is_available():
        return
    if cfg.launcher != 'pytorch':
        raise ValueError(
            f'launcher {cfg.launcher!r} needs CUDA devices and none is visible; '
            "on CPUs use --launcher pytorch (tools/dist_train.sh)")
    if 'RANK' not in os.environ:
        raise ValueError('launcher "pytorch" needs the variables that torchrun '
                         'sets; start with tools/dist_train.sh CONFIG PROCESSES')
    if not dist.is_initialized():
        dist.init_process_group('gloo')
    cfg.model_wrapper_cfg = dict(
        type='MMDistributedDataParallel',
        find_unused_parameters=cfg.get('find_unused_parameters', False),
        # Given, so that MMEngine does not fill in the id of a GPU.
        device_ids=None,
        broadcast_buffers=False)


def build_runner(cfg: Config) -> Runner:
    """A :class:`mmengine.runner.Runner` for ``cfg``, on GPUs or CPUs.

    A loss of mmwing's in a head of MMPose's gets its unit from the codec, see
    :func:`mmwing.swap.give_losses_their_units`. Without MMDetection, the classes that
    RTMPose configs take from there are taken from MMPose and mmwing.
    """
    give_losses_their_units(cfg)
    if 'mmdet' in stack.offered:
        replace_mmdet_names(cfg)
    # MMPose's tools do the same: old configs keep the preprocessor outside.
    if 'preprocess_cfg' in cfg:
        cfg.model.setdefault('data_preprocessor', cfg.preprocess_cfg)
    init_cpu_distributed(cfg)
    return Runner.from_cfg(cfg)


def end_cpu_distributed() -> None:
    """Close gloo together, once all that uses it is gone.

    Left to the end of the interpreter, a thread of gloo may still run when its
    owner is destroyed, and the process aborts after all of its work is done.
    """
    import torch.distributed as dist

    if not dist.is_available() or not dist.is_initialized():
        return
    if dist.get_backend() == 'gloo':
        gc.collect()  # the runner and the wrapped model refer to each other
        dist.barrier()
        dist.destroy_process_group()


def find_checkpoint(path: str) -> str:
    """The checkpoint file that ``path`` means.

    Args:
        path: A file or URL, returned as it is, or a work dir, whose last
            checkpoint is returned.

    Raises:
        FileNotFoundError: No such file, or a folder without a checkpoint.
    """
    if osp.isdir(path):
        latest = find_latest_checkpoint(path)
        # The work dir may have moved since its name was written down.
        beside = osp.join(path, osp.basename(latest or ''))
        found = latest if latest and osp.isfile(latest) else beside
        if not osp.isfile(found):
            raise FileNotFoundError(f'no checkpoint in {path!r}; train first, or '
                                    'name the checkpoint file')
        return found
    if not osp.isfile(path) and not re.match(r'[\w-]+://', path):
        raise FileNotFoundError(f'checkpoint {path!r} does not exist (working '
                                f'directory: {os.getcwd()})')
    return path


def check_weights(model: nn.Module, checkpoint: str) -> None:
    """See that a checkpoint holds all weights of a model, and load them.

    Where one is missing or has another shape, MMEngine logs it and goes on with what
    the model was initialised with: a test would give the figures of noise.

    Args:
        model: The model.
        checkpoint: File or URL.

    Raises:
        ValueError: Some are missing or have another shape; the first is named.
    """
    content = CheckpointLoader.load_checkpoint(checkpoint, 'cpu', logger='silent')
    saved = content.get('state_dict', content)
    weights = OrderedDict(
        (key.removeprefix('module.'), value) for key, value in saved.items())
    # By the versions in there, modules tell weights that they have to convert.
    weights._metadata = getattr(saved, '_metadata', {})  # type: ignore[attr-defined]
    inner: nn.Module = getattr(model, 'module', model)  # of a distributed one
    try:
        missing = inner.load_state_dict(weights, strict=False).missing_keys
    except RuntimeError as error:  # PyTorch's header, then a line for each
        missing = [line.strip() for line in str(error).splitlines()[1:]]
    if missing:
        raise ValueError(
            f'checkpoint {checkpoint!r} does not fit the config: {len(missing)} '
            'weights are missing or have another shape, the first of them: '
            f'{missing[0]}. Test with the config of the training; a copy lies in its '
            'work dir')


def exit_with_message(main: Callable[[], None]) -> Callable[[], None]:
    """Let a tool end with the message of a user's error, not a traceback.

    Errors in what the user gave (a path, a name, a value, a missing package)
    end the tool with status 1 and their message; anything else is a defect
    and keeps its traceback. ``MMWING_DEBUG=1`` keeps every traceback. Of an error
    in a worker of a data loader, which PyTorch words as a traceback, the message is
    what its last line says.
    """

    @functools.wraps(main)
    def run() -> None:
        try:
            main()
            end_cpu_distributed()
        except (OSError, ValueError, TypeError, KeyError, ImportError, SyntaxError,
                pickle.UnpicklingError) as error:
            if os.environ.get('MMWING_DEBUG'):
                raise
            text = str(error.args[0] if isinstance(error, KeyError) else error)
            if _WORKER_TRACEBACK in text:
                text = _ERROR_LINE.split(text)[-1].strip()
            sys.exit(f'error: {text}\n(MMWING_DEBUG=1 shows the traceback)')

    return run
