"""Find a model by name, checkpoint or work dir, and build it."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

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
    replace_mmdet_names,
)
from mmwing.resources import list_configs

from .checkpoint_config import checkpoint_config

#: Slim checkpoints that come with the package, NAME.pth.
MODELS_FOLDER = Path(__file__).parent / 'weights'

#: The model that ``FaceLandmarker()`` takes.
DEFAULT_MODEL = 'cnn7-local_300w'


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
        ``dataset_meta``.

    Raises:
        FileNotFoundError: If there is no such model, checkpoint or config.
        ValueError: If no config is known, or the weights do not fit it.
        pickle.UnpicklingError: If the checkpoint is damaged or holds Python objects.
    """
    checkpoint = _find(model)
    content = CheckpointLoader.load_checkpoint(checkpoint, 'cpu', logger='silent')
    if not isinstance(content, dict):
        raise ValueError(f'{checkpoint!r} is not a checkpoint of MMEngine: it holds a '
                         f'{type(content).__name__}')
    cfg = _config(content, checkpoint, model, config)
    cfg.model.train_cfg = None
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'mmpose')):
        built = revert_sync_batchnorm(build_pose_estimator(cfg.model))
        check_weights(built, checkpoint)
        meta = (content.get('meta') or {}).get('dataset_meta')
        built.dataset_meta = meta or dataset_meta_from_config(cfg, 'test')
    if built.dataset_meta is None:
        raise ValueError(f'neither checkpoint {checkpoint!r} nor its config says what '
                         'the landmarks are (metainfo)')
    built.cfg = cfg
    return built.to(device or get_device()).eval()


def _find(model: str | os.PathLike | None) -> str:
    """The checkpoint that a user means."""
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
    cfg = (config.copy() if isinstance(config, Config) else
           load_config(os.fspath(config)))
    if 'mmdet' in stack.offered:
        replace_mmdet_names(cfg)
    return cfg
