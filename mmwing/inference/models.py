"""Find a model by name, checkpoint or work dir, and build it."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import DefaultScope
from mmengine.runner import CheckpointLoader
from mmpose.apis.inference import dataset_meta_from_config
from mmpose.models import build_pose_estimator
from torch import nn

from mmwing import stack
from mmwing.config import (
    check_weights,
    find_checkpoint,
    load_config,
    merge_options,
    replace_mmdet_names,
)
from mmwing.resources import list_configs
from mmwing.runtime.licence import tell_licence

from .checkpoint_config import checkpoint_config, evaluation_config
from .model_card import CARD_KEY, card_of

#: Slim checkpoints that come with the package, NAME.pth.
MODELS_FOLDER = Path(__file__).parent / 'weights'

#: The model that ``FaceLandmarker()`` takes.
DEFAULT_MODEL = 'cnn7-local_300w'

# What MMPose's metainfo holds as arrays.
_ARRAYS = ('dataset_keypoint_weights', 'keypoint_colors', 'sigmas',
           'skeleton_link_colors')


def list_models() -> list[str]:
    """Names of the models that come with the package."""
    return sorted(path.stem for path in MODELS_FOLDER.glob('*.pth'))


def load_model(model: str | os.PathLike | None = None,
               config: str | os.PathLike | Config | None = None,
               device: str | None = None) -> nn.Module:
    """Build a trained model, ready for predictions.

    Args:
        model: A name of :func:`list_models`; a checkpoint, file or URL; or a work dir,
            of which the last checkpoint is taken. By default the package's own.
        config: Name or path of the config, or the config itself. Needed for checkpoints
            that were not written by mmwing's training, whose config is Python text:
            nothing from a checkpoint is executed.
        device: ``'cpu'``, ``'cuda'``, ``'cuda:1'`` … By default an accelerator, if
            there is one.

    Returns:
        As MMPose's ``init_model`` returns it: in evaluation mode, with ``cfg`` and
        ``dataset_meta``, and ``card``, what is known of
        its training.

    Raises:
        FileNotFoundError: If there is no such model, checkpoint or config.
        ValueError: If no config is known, the weights do not fit it, or the device
            cannot be used.
        pickle.UnpicklingError: If the checkpoint is damaged or holds Python objects.
        TypeError: If ``model`` or ``config`` is neither a name nor a path.
    """
    device = check_device(device or get_device())
    checkpoint = find_model(model)
    content = _content(checkpoint)
    cfg = _config(content, checkpoint, model, config)
    cfg.model.train_cfg = None
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'mmpose')):
        built = revert_sync_batchnorm(build_pose_estimator(cfg.model))
        check_weights(built, checkpoint)
        meta = content.get('meta') or {}
        built.dataset_meta = (_with_arrays(meta.get('dataset_meta'))
                              or dataset_meta_from_config(cfg, 'test'))
    if built.dataset_meta is None:
        raise ValueError(f'neither checkpoint {checkpoint!r} nor its config says what '
                         'the landmarks are (metainfo)')
    _tell_licence(checkpoint, meta)
    built.card = card_of(meta)
    built.cfg = cfg
    return built.to(device).eval()


def check_device(device: str) -> str:
    """A device, if this machine has it.

    Raises:
        ValueError: If PyTorch does not know it, or it is not there.
    """
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # the latter without CUDA
        reason = str(error).splitlines()[0].rstrip('.')
        raise ValueError(f'device {device!r} cannot be used: {reason}. '
                         "'cpu' always can") from None
    return device


def load_evaluation_config(model: str | os.PathLike,
                           cfg_options: dict | None = None) -> Config:
    """The config with which a model is tested, out of its own file.

    Args:
        model: As for :func:`load_model`.
        cfg_options: What ``--cfg-options`` gives: dotted key -> value.

    Raises:
        FileNotFoundError: If there is no such model.
        ValueError: If the file does not hold its config as data, or the config has no
            test, or names what may not come from a checkpoint.
        pickle.UnpicklingError: If the checkpoint is damaged or holds Python objects.
    """
    checkpoint = find_model(model)
    content = _content(checkpoint)
    cfg = evaluation_config(content, checkpoint)
    if cfg is None:
        raise ValueError(f'checkpoint {checkpoint!r} does not hold its config as data: '
                         'give it, mmwing test CONFIG CHECKPOINT')
    _tell_licence(checkpoint, content['meta'])
    merge_options(cfg, cfg_options or {})
    return cfg


def _content(checkpoint: str) -> dict:
    content = CheckpointLoader.load_checkpoint(checkpoint, 'cpu', logger='silent')
    if not isinstance(content, dict):
        raise ValueError(f'{checkpoint!r} is not a checkpoint of MMEngine: it holds a '
                         f'{type(content).__name__}')
    return content


def _tell_licence(checkpoint: str, meta: Mapping) -> None:
    # Of published files alone: whoever trains knows the terms of the data.
    tell_licence(Path(checkpoint).stem, (meta.get(CARD_KEY) or {}).get('licence', ''))


def plain_metainfo(value: Any) -> Any:
    """Metainfo as numbers, text, lists and dicts, which ``weights_only`` loads."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, Mapping):
        return {key: plain_metainfo(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_metainfo(each) for each in value]
    return value


def _with_arrays(meta: dict | None) -> dict | None:
    """Metainfo as MMPose keeps it; a published file holds lists in place of arrays."""
    return meta and {key: np.array(value) if key in _ARRAYS else value
                     for key, value in meta.items()}


def find_model(model: str | os.PathLike | None) -> str:
    """The checkpoint file or URL that a user means, see :func:`load_model`.

    Raises:
        FileNotFoundError: If there is no such model.
        ValueError: If it is the name of a config.
        TypeError: If it is neither a name nor a path.
    """
    if model is not None and not isinstance(model, (str, os.PathLike)):
        raise TypeError('model must be the name or path of one, got '
                        f'{type(model).__name__}')
    shipped = list_models()
    name = os.fspath(model) if model is not None else DEFAULT_MODEL
    if name in shipped and not os.path.exists(name):
        return str(MODELS_FOLDER / f'{name}.pth')
    if model is None:
        raise FileNotFoundError(
            'this version of mmwing comes without a model of its own: give a '
            'checkpoint or a work dir, FaceLandmarker("work_dirs/…")')
    if name in list_configs():
        raise ValueError(f'{name!r} is a config; give a checkpoint or a work dir with '
                         f'it: FaceLandmarker("….pth", config={name!r})')
    try:
        return find_checkpoint(name)
    except FileNotFoundError as error:
        near = difflib.get_close_matches(name, shipped, n=3, cutoff=0.3)
        hint = f'; models by name: {", ".join(near or shipped)}' if shipped else ''
        raise FileNotFoundError(f'{error}{hint}') from None


def _config(content: dict, checkpoint: str, model: str | os.PathLike | None,
            config: str | os.PathLike | Config | None) -> Config:
    copies = [*Path(model).glob('*.py')] if model and os.path.isdir(model) else []
    if config is None:
        cfg = checkpoint_config(content, checkpoint)
        if cfg is not None:
            return cfg
        if len(copies) != 1:
            raise ValueError(
                f'checkpoint {checkpoint!r} does not hold its config as data (it is '
                "older, or was not trained by mmwing): give the config's name or path, "
                "config='…'")
        # A work dir is the user's own; its config is as good as one that is named.
        config = copies[0]
    cfg = config.copy() if isinstance(config, Config) else load_config(config)
    if 'mmdet' in stack.offered:
        replace_mmdet_names(cfg)
    return cfg
