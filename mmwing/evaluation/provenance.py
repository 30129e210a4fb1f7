"""Where figures come from: config, loss, checkpoint, data, seed, versions."""

from __future__ import annotations

import ast
import json
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePath
from typing import Any

from mmengine.runner import CheckpointLoader

from mmwing.files import read_bytes
from mmwing.version import __version__
from mmwing.walk import datasets, walk

_PACKAGES = ('torch', 'mmpose', 'mmengine', 'mmcv-lite', 'mmcv', 'numpy')


@dataclass(frozen=True)
class Provenance:
    """How a run came about. What is not known is empty.

    Attributes:
        config: Name or path of the config.
        loss: The loss that was trained, as ``mmwing compare-losses`` writes it, such
            as ``WingLoss(omega=5)`` or ``mmpose:SmoothL1Loss``.
        checkpoint: The weights: name of the file and of its folder.
        checkpoint_sha256: Digest of the file.
        dataset: Name of the data set that was evaluated.
        split: Its annotation file.
        seed: Seed of the training.
        options: What was changed in the config, dotted key to value.
        versions: Package to version.
        date: When it was evaluated, UTC.
    """

    config: str = ''
    loss: str = ''
    checkpoint: str = ''
    checkpoint_sha256: str = ''
    dataset: str = ''
    split: str = ''
    seed: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    date: str = ''


def describe_config(cfg: Mapping, split: str = 'test') -> dict[str, Any]:
    """Fields of a :class:`Provenance` that a config tells.

    Args:
        cfg: Content of the config.
        split: ``'test'`` or ``'val'``: which data are evaluated.
    """
    loader = cfg.get(f'{split}_dataloader') or {}
    files = [str(dataset['ann_file']) for _, dataset in datasets(
        loader.get('dataset') or {}) if dataset.get('ann_file')]
    filename = getattr(cfg, 'filename', None)
    return {'config': PurePath(filename).stem if filename else '',
            'loss': loss_text(cfg.get('model') or {}), 'split': ' + '.join(files)}


def describe_checkpoint(path: str) -> dict[str, Any]:
    """Fields of a :class:`Provenance` that a checkpoint tells: its training's.

    The config in a checkpoint is read as data, never executed.

    Args:
        path: File or URL.
    """
    facts: dict[str, Any] = {'checkpoint': '/'.join(PurePath(path).parts[-2:])}
    if Path(path).is_file():
        facts['checkpoint_sha256'] = sha256(read_bytes(path)).hexdigest()
    content = CheckpointLoader.load_checkpoint(path, 'cpu', logger='silent')
    meta = content.get('meta') or {}
    if isinstance(meta.get('seed'), int):
        facts['seed'] = meta['seed']
    model = _read_json_model(meta.get('config_json')) or _read_model(
        meta.get('config_text'))
    if model:
        facts['loss'] = loss_text(model)
    return facts


def stack_versions() -> dict[str, str]:
    """Versions of what figures depend on."""
    found = {'mmwing': __version__, 'python': platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def now() -> str:
    """The time as a record has it: UTC, to the second."""
    return datetime.now(timezone.utc).strftime('%Y-%m-%d %H:%M:%S UTC')


def loss_text(model: Mapping) -> str:
    """The losses of a model's config as text; several are joined by ``+``.

    A class of MMPose's has ``mmpose:`` in front. Left out are arguments that follow
    from the rest of the config: ``use_target_weight=True``, and the codec's input size.
    """
    heads = (part for _, part in walk(model)
             if isinstance(part.get('loss'), Mapping) and 'type' in part['loss'])
    return ' + '.join(dict.fromkeys(
        _one_loss(loss, head) for head in heads
        for loss in head['loss'].get('losses') or [head['loss']]))


def _one_loss(loss: Mapping, head: Mapping) -> str:
    kind = loss['type']
    name = kind if isinstance(kind, str) else f'{kind.__module__}.{kind.__name__}'
    scope, _, name = name.rpartition('.')
    # A bare name is MMPose's: that is the default scope of all configs here.
    text = name if scope.startswith('mmwing') else f'mmpose:{name}'
    decoder = head.get('decoder') or {}
    usual = {'use_target_weight': True, 'input_size': decoder.get('input_size')}
    arguments = ','.join(
        f'{key}={value!r}' for key, value in loss.items()
        if key != 'type' and (key not in usual or not _equal(value, usual[key])))
    return f'{text}({arguments})' if arguments else text


def _equal(value: Any, other: Any) -> bool:
    if isinstance(value, (list, tuple)) and isinstance(other, (list, tuple)):
        return list(value) == list(other)
    return value == other


def _read_json_model(text: Any) -> Mapping | None:
    """``model`` of a config as JSON; None if there is none."""
    try:
        model = json.loads(text)['model']
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    return model if isinstance(model, Mapping) else None


def _read_model(text: Any) -> Mapping | None:
    """``model`` of a config's text as MMEngine writes it; None if it is not literal."""
    if not isinstance(text, str) or not re.search(r'^model\s*=', text, re.MULTILINE):
        return None
    try:
        for statement in ast.parse(text).body:
            if isinstance(statement, ast.Assign) and ast.unparse(
                    statement.targets[0]) == 'model':
                model = ast.literal_eval(_DictCalls().visit(statement.value))
                return model if isinstance(model, Mapping) else None
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        pass
    return None


class _DictCalls(ast.NodeTransformer):
    """``dict(a=1)`` becomes ``{'a': 1}``, which is a literal."""

    def visit_Call(self, node: ast.Call) -> ast.AST:  # noqa: N802
        self.generic_visit(node)
        names = [keyword.arg for keyword in node.keywords]
        if node.args or None in names or ast.unparse(node.func) != 'dict':
            return node
        return ast.Dict([ast.Constant(name) for name in names],
                        [keyword.value for keyword in node.keywords])
