"""Find the checkpoint of a run, go on from it, and check that it fits a model."""

from __future__ import annotations

import os
import os.path as osp
import re
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from logging import WARNING
from pathlib import Path

from mmengine.config import Config
from mmengine.logging import print_log
from mmengine.runner import CheckpointLoader
from torch import nn

from mmwing.files import check_regular_file

from .points import check_trained_landmarks

# As MMEngine's CheckpointHook calls them.
_NUMBERED = re.compile(r'(epoch|iter)_(\d+)\.pth')


def find_checkpoint(path: str) -> str:
    """The checkpoint file that ``path`` means.

    Args:
        path: A file or URL, returned as it is, or a work dir, whose newest whole
            checkpoint is returned.

    Raises:
        FileNotFoundError: No such file, or a folder without a whole checkpoint.
        ValueError: A pipe, device or socket.
    """
    if osp.isdir(path):
        found = latest_checkpoint(path)
        if found is None:
            raise FileNotFoundError(f'no checkpoint in {path!r}; train first, or '
                                    'name the checkpoint file')
        return found
    if osp.exists(path):
        check_regular_file(path)
    elif not re.match(r'[\w-]+://', path):
        raise FileNotFoundError(f'checkpoint {path!r} does not exist (working '
                                f'directory: {os.getcwd()})')
    return path


def latest_checkpoint(work_dir: str) -> str | None:
    """The newest whole checkpoint of a run, ``None`` if there is none.

    MMEngine notes the last one in ``last_checkpoint``. Where a process was killed, the
    note may be empty or the file half written. A file that is passed over is logged.
    """
    note = Path(work_dir, 'last_checkpoint')
    # MMEngine's function would print a line where there is none.
    noted = note.read_text().strip() if note.is_file() else ''
    if not osp.isfile(noted):  # the work dir may have moved since
        noted = osp.join(work_dir, osp.basename(noted))
    for path in _by_age(Path(work_dir), Path(noted)):
        if zipfile.is_zipfile(path):  # its table of contents is written last
            return str(path)
        print_log(f'{path} is incomplete and is passed over', 'current', WARNING)
    return None


def _by_age(work_dir: Path, noted: Path) -> list[Path]:
    """Files that may be checkpoints of a run, the newest first.

    By the number in the name, because copies of a folder lose the times of its files. A
    note of a file with another name counts first.
    """
    found = {path for folder in (work_dir, noted.parent)
             for path in folder.glob('*.pth')
             if _NUMBERED.fullmatch(path.name) and path.is_file()}
    if noted.is_file():
        found.add(noted)
    kinds: dict[str, list[tuple[int, Path]]] = {}
    for path in found:
        match = _NUMBERED.fullmatch(path.name)
        kind, number = (match[1], int(match[2])) if match else ('', 0)
        kinds.setdefault(kind, []).append((number, path))
    # One run has one kind; of several, the one that was written last.
    newest_first = sorted(kinds, reverse=True, key=lambda kind: (
        kind == '', max(path.stat().st_mtime for _, path in kinds[kind])))
    return [path for kind in newest_first
            for _, path in sorted(kinds[kind], reverse=True)]


def resume_latest(cfg: Config) -> None:
    """Let a training go on from the newest whole checkpoint of its work dir.

    If there is none it starts as the config says, with the weights of ``load_from``.
    """
    latest = latest_checkpoint(cfg.work_dir)
    cfg.resume = latest is not None
    if latest is None:
        print_log(f'no checkpoint in {cfg.work_dir}: the training begins', 'current')
    else:
        print_log(f'the training goes on from {latest}', 'current')
        cfg.load_from = latest


def landmarks_of_checkpoint(path: str) -> dict:
    """What a checkpoint says of the landmarks of its training; empty if nothing."""
    return _landmarks_in(
        CheckpointLoader.load_checkpoint(path, 'cpu', logger='silent'))


def _landmarks_in(content: Mapping) -> dict:
    meta = content.get('meta')
    return (meta.get('dataset_meta') if isinstance(meta, dict) else None) or {}


def check_weights(model: nn.Module, checkpoint: str,
                  metainfo: Mapping | None = None) -> None:
    """See that a checkpoint holds all weights of a model, and load them.

    Where one is missing or has another shape, MMEngine logs it and goes on with what
    the model was initialised with: a test would give the figures of noise.

    Args:
        model: The model.
        checkpoint: File or URL.
        metainfo: Meta information of the data that the model is tested on.

    Raises:
        ValueError: Some are missing or have another shape; the first is named. Or the
            checkpoint was trained on other landmarks than those of the data.
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
            f'{missing[0].rstrip(".")}. Test with the config of the training; a copy '
            'lies in its work dir')
    if metainfo is not None:
        check_trained_landmarks(_landmarks_in(content), metainfo, checkpoint)
