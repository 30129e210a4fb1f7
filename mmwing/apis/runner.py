"""From a config to a runner that trains or tests, on any device."""

from __future__ import annotations

import functools
import gc
import os
import os.path as osp
import pickle
import re
import sys
from collections.abc import Callable
from importlib.util import find_spec

from mmengine.config import Config
from mmengine.runner import Runner, find_latest_checkpoint

from mmwing import stack
from mmwing.swap import give_losses_their_units, replace_mmdet_names
from mmwing.swap.heads import uses

from .resources import config_path, mmpose_config_path

#: The options of ``--launcher``, as MMPose's tools have them.
LAUNCHERS = ('none', 'pytorch', 'slurm', 'mpi')


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
    cfg = Config.fromfile(config)
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


def check_data(cfg: Config, splits: tuple[str, ...]) -> None:
    """See that what the data of ``splits`` need is there: files, folders, packages.

    Raises:
        FileNotFoundError: Names the annotation file or image folder, the split, and
            how the data root is set.
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
                if re.match(r'\w+://', full) or osp.exists(full):
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


def exit_with_message(main: Callable[[], None]) -> Callable[[], None]:
    """Let a tool end with the message of a user's error, not a traceback.

    Errors in what the user gave (a path, a name, a value, a missing package)
    end the tool with status 1 and their message; anything else is a defect
    and keeps its traceback. ``MMWING_DEBUG=1`` keeps every traceback.
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
            text = error.args[0] if isinstance(error, KeyError) else error
            sys.exit(f'error: {text}\n(MMWING_DEBUG=1 shows the traceback)')

    return run
