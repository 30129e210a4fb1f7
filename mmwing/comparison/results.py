"""One small file for each finished run, from which all tables are made."""

from __future__ import annotations

import json
import math
import platform
from dataclasses import asdict, dataclass, field, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from mmwing.files import write_text
from mmwing.version import __version__

from .variant import Variant

STAGES = ('tune', 'final')
_PACKAGES = ('torch', 'mmpose', 'mmengine', 'mmcv-lite', 'mmcv', 'numpy')


@dataclass(frozen=True)
class Result:
    """What one finished run found.

    Attributes:
        stage: ``'tune'``: a short run to choose the learning rate; ``'final'``.
        loss: Loss and head, or label, as :class:`.Variant` writes them.
        seed: Seed of initial weights, order of the data and augmentation.
        lr: Learning rate.
        epochs: Length of the training (0 where iterations are counted).
        config: The config: a name that mmwing ships, or a path.
        config_hash: Digest of its content without loss, seed, learning rate and
            paths: equal digests, comparable runs.
        options: What was changed in the config, dotted key to value.
        curve: (epoch, NME) of each validation; NaN where it was undefined. Iterations
            in the place of epochs where these are counted.
        normalizer: Of the errors.
        threshold: Of FR and AUC.
        errors: Error of each face (N,), fractions, in the order of their names.
        faces: Digest of the faces' names.
        batches: Checksum of the training pictures of each epoch, in their order.
        cpu_seconds: CPU time of the run's process.
        versions: Package to version.
        note: What a reader must know of the data.
        iters: Length of the training in iterations where these are counted.
        words: What stood behind the label on the command line; None for a loss.
        run_hash: Digest of the whole config of this run, without paths.
    """

    stage: str
    loss: str
    seed: int
    lr: float
    epochs: int
    config: str
    config_hash: str
    options: dict
    curve: list
    normalizer: str
    threshold: float
    errors: np.ndarray = field(repr=False)
    faces: str
    batches: list
    cpu_seconds: float
    versions: dict
    note: str = ''
    iters: int = 0
    words: list | None = None
    run_hash: str = ''

    @property
    def variant(self) -> Variant:
        """What was trained."""
        if self.words is None:
            return Variant.parse(self.loss)
        return Variant.labelled(self.loss, self.words)

    @property
    def nme(self) -> float:
        """Mean of the faces' errors; infinite if one is, NaN if none is usable."""
        usable = self.errors[~np.isnan(self.errors)]
        return float(usable.mean()) if len(usable) else math.nan


def stack_versions() -> dict[str, str]:
    """Versions of what the figures depend on."""
    found = {'mmwing': __version__, 'python': platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def write_result(result: Result, path: str | Path) -> None:
    """Write a result, whole or not at all; one line for each field."""
    path = Path(path)
    content = asdict(result)
    content['errors'] = [None if np.isnan(e) else float(e) for e in result.errors]
    content['curve'] = [[epoch, None if np.isnan(nme) else nme]
                        for epoch, nme in result.curve]
    lines = (f'{json.dumps(key)}: {_dumps(value)}' for key, value in content.items())
    write_text(path, '{\n' + ',\n'.join(lines) + '\n}\n')


def _dumps(value: object) -> str:
    # JSON knows no infinity, but a number that is too large for a float is one.
    return json.dumps(value, separators=(', ', ': ')).replace('Infinity', '1e999')


def read_result(path: str | Path) -> Result:
    """Read what :func:`write_result` wrote.

    Raises:
        ValueError: If the file is something else.
    """
    try:
        content = json.loads(Path(path).read_text(encoding='utf-8'))
        known = {f.name for f in fields(Result)}
        if content['stage'] not in STAGES or set(content) - known:
            raise ValueError(f'unknown fields {sorted(set(content) - known)}')
        content['errors'] = np.array(content['errors'], np.float64)
        content['curve'] = [(epoch, math.nan if nme is None else nme)
                            for epoch, nme in content['curve']]
        return Result(**content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f'{path} is no result of compare_losses: {error!r}') from error


def read_results(directory: str | Path) -> list[Result]:
    """All results of a directory, by file name.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If a JSON file there is something else.
    """
    paths = sorted(Path(directory).glob('*.json'))
    if not paths:
        raise FileNotFoundError(f'{directory} holds no result file (*.json)')
    return [read_result(path) for path in paths]
