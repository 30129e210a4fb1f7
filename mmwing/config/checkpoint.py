"""Find the checkpoint of a run and check that it fits a model."""

from __future__ import annotations

import os
import os.path as osp
import re
from collections import OrderedDict

from mmengine.runner import CheckpointLoader, find_latest_checkpoint
from torch import nn


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
