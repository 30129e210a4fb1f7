"""Load checkpoints as data: nothing of them is executed, and they name no files.

MMEngine 0.10.7 calls ``torch.load`` without arguments: since PyTorch 2.6 that refuses
every checkpoint of MMEngine's own, and with ``weights_only=False`` it would run code
that a file brings along. Files are loaded with ``weights_only=True`` and a short
allow-list.

The Python text of a config in a checkpoint would still be executed, when a training is
resumed and by MMPose's inferencers, see :func:`without_code`.
"""

from __future__ import annotations

import codecs
import functools
import importlib
import os
import os.path as osp
import pickle
import re
from typing import Any

from mmwing.files import check_regular_file

#: Checkpoint files named here (separated by ``os.pathsep``) are loaded without
#: the ``weights_only`` restriction.
TRUST_VARIABLE = 'MMWING_TRUST_CHECKPOINT'

_trusted: set[str] = set()


def _safe_globals() -> list:
    """What MMEngine's own checkpoints hold beyond tensors and containers.

    Its message hub stores :class:`HistoryBuffer` objects, whose arrays and
    scalars are numpy's. None of these can run code when unpickled.
    """
    import numpy as np
    from mmengine.logging import HistoryBuffer

    # numpy 1.26 has a package numpy._core, too, with nothing in it.
    core = '_core' if np.lib.NumpyVersion(np.__version__) >= '2.0.0' else 'core'
    multiarray = importlib.import_module(f'numpy.{core}.multiarray')
    # `bytes` and `encode` are how pickle writes an array's empty or raw buffer.
    entries: list = [HistoryBuffer, np.ndarray, np.dtype, bytes, codecs.encode,
                     (codecs.encode, '_codecs.encode')]
    for function in ('_reconstruct', 'scalar'):
        # A file written under numpy 1 names numpy.core, under numpy 2 numpy._core.
        for package in ('numpy.core', 'numpy._core'):
            entries.append((getattr(multiarray, function),
                            f'{package}.multiarray.{function}'))
    entries += [type(np.dtype(code)) for code in
                ('f2', 'f4', 'f8', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8', '?')]

    def statistic_of(owner, name):
        # A HistoryBuffer pickles the table of its statistics as getattr calls.
        if owner is HistoryBuffer and name in ('mean', 'max', 'min', 'current'):
            return getattr(owner, name)
        raise pickle.UnpicklingError(f'getattr({owner!r}, {name!r}) is not allowed')

    entries += [(statistic_of, 'builtins.getattr'), (statistic_of, 'getattr')]
    return entries


def trust_checkpoint(path: str) -> None:
    """Load the file ``path`` without the ``weights_only`` restriction.

    Unpickling such a file can run any code that its author put there. Use it
    only for files that you wrote yourself or whose author you trust. The
    environment variable ``MMWING_TRUST_CHECKPOINT`` does the same.
    """
    _trusted.add(osp.realpath(osp.expanduser(path)))


def _is_trusted(path: str) -> bool:
    listed = os.environ.get(TRUST_VARIABLE, '').split(os.pathsep)
    trusted = _trusted | {osp.realpath(osp.expanduser(p)) for p in listed if p}
    return osp.realpath(path) in trusted


def load_checkpoint_file(filename: str, map_location=None):
    """Load a local checkpoint with ``weights_only=True`` and an allow-list.

    Args:
        filename: Path of the file; ``~`` is expanded.
        map_location: As :func:`torch.load`.

    Returns:
        What the file holds, for MMEngine a dict.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is a pipe, device or socket.
        pickle.UnpicklingError: The file needs more than tensors, containers
            and MMEngine's training state, and it was not declared trusted;
            or it is not a checkpoint at all (damaged, cut off).
    """
    import torch

    filename = osp.expanduser(filename)
    if osp.exists(filename):
        check_regular_file(filename)
    else:
        raise FileNotFoundError(
            f'checkpoint {filename!r} does not exist (working directory: '
            f'{os.getcwd()})')
    if _is_trusted(filename):
        return torch.load(filename, map_location=map_location, weights_only=False)
    try:
        with torch.serialization.safe_globals(_safe_globals()):
            return torch.load(filename, map_location=map_location,
                              weights_only=True)
    except OSError:
        raise
    except Exception as error:  # damaged files make the unpickler raise anything
        lines = str(error).strip().splitlines() or ['']
        reason = next((line.strip() for line in lines if 'GLOBAL' in line
                       or 'Unsupported' in line),
                      f'{type(error).__name__}: {lines[0]}')
        if not osp.getsize(filename):
            reason = 'it is empty'
        # PyTorch's advice is to allow the object everywhere; ours trusts one file.
        reason = reason.split(' Please use ')[0].rstrip('.')
        raise pickle.UnpicklingError(
            f'checkpoint {filename!r} was refused: {reason}. '
            'It is no checkpoint, or damaged, or it holds Python objects beside '
            'weights, and loading those can run code. If you trust the file, say so: '
            f'{TRUST_VARIABLE}={filename} in the environment, or '
            'mmwing.stack.trust_checkpoint(path) in Python.') from error


def register_local_loader() -> None:
    """Let MMEngine load local checkpoint files through this module."""
    from mmengine.runner.checkpoint import CheckpointLoader

    def load_from_local(filename, map_location):
        return load_checkpoint_file(filename, map_location)

    CheckpointLoader.register_scheme(prefixes='', loader=load_from_local, force=True)


#: Where :func:`without_code` keeps the text of a config, in ``meta``.
CONFIG_TEXT_KEY = 'config_text'

# What MMEngine's CheckpointHook calls the best checkpoint; it deletes the last best.
_BEST_CHECKPOINT = re.compile(r'best_[^/\\]*\.pth')


def without_code(checkpoint: Any, filename: str) -> Any:
    """Take from a checkpoint what MMEngine and MMPose would execute or delete.

    * The config as Python text, which MMEngine executes: ``meta['config']`` when it
      resumes, ``message_hub['runtime_info']['cfg']`` and ``meta['cfg']`` in inferencers
      that are given weights alone. The text is kept where nobody executes it, at
      ``meta['config_text']``.
    * Paths of the best checkpoints, which MMEngine deletes, be they files or folders,
      when a resumed training finds a better one. They are looked for beside the
      checkpoint.

    Args:
        checkpoint: What a file holds; changed in place if it is a dict.
        filename: The file.
    """
    if not isinstance(checkpoint, dict):
        return checkpoint
    hub = checkpoint.get('message_hub')
    info = hub.get('runtime_info') if isinstance(hub, dict) else None
    meta = checkpoint.get('meta')
    texts = []
    for owner, key in ((meta, 'cfg'), (meta, 'config'), (info, 'cfg')):
        if isinstance(owner, dict) and key in owner:
            texts.append(owner.pop(key))
    if texts and isinstance(meta, dict):
        meta.setdefault(CONFIG_TEXT_KEY, texts[0])
    if isinstance(info, dict):
        _confine_paths(info, osp.dirname(filename))
    return checkpoint


def _confine_paths(info: dict, folder: str) -> None:
    """Let paths of checkpoints point into a folder, and drop what is none."""
    for key in [key for key in info if str(key).startswith('best_ckpt')]:
        name = osp.basename(str(info.pop(key)))
        if _BEST_CHECKPOINT.fullmatch(name):
            info[key] = osp.join(folder, name)
    steps = info.get('keep_ckpt_ids', [])
    if not isinstance(steps, list) or not all(type(step) is int for step in steps):
        del info['keep_ckpt_ids']


def strip_code_on_load() -> None:
    """Let :func:`without_code` see each checkpoint that MMEngine loads."""
    from mmengine.runner.checkpoint import CheckpointLoader

    load = CheckpointLoader.load_checkpoint

    @functools.wraps(load)
    def load_without_code(filename, map_location=None, logger='current'):
        return without_code(load(filename, map_location, logger), filename)

    CheckpointLoader.load_checkpoint = staticmethod(load_without_code)
