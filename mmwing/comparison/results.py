"""The finished runs of a study, in one file from which all tables are made."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mmwing.evaluation.run import RunRecord, Training, digest_names
from mmwing.evaluation.run_file import dumps, record_from_dict, record_to_dict
from mmwing.files import read_text, write_text

from .variant import Variant

STAGES = ('tune', 'final')


@dataclass(frozen=True)
class Result:
    """What one finished run of a study found.

    Attributes:
        stage: ``'tune'``: a short run to choose the learning rate; ``'final'``.
        loss: Loss and head, or label, as :class:`.Variant` writes them.
        record: The run's record.
        config_hash: Digest of the config's content without loss, seed, learning rate
            and paths: equal digests, comparable runs.
        run_hash: Digest of the whole config of this run, without paths.
        words: What stood behind the label on the command line; None for a loss.
        note: What a reader must know of the data.
    """

    stage: str
    loss: str
    record: RunRecord
    config_hash: str
    run_hash: str = ''
    words: list | None = None
    note: str = ''

    @property
    def name(self) -> str:
        """The run's name, which no other run of the study has."""
        return f'{self.stage}_{self.variant.slug}_lr{self.lr:g}_seed{self.seed}'

    @property
    def variant(self) -> Variant:
        """What was trained."""
        if self.words is None:
            return Variant.parse(self.loss)
        return Variant.labelled(self.loss, self.words)

    @property
    def training(self) -> Training:
        """Learning rate, length, curve and order of the data."""
        return self.record.training or Training()

    @property
    def options(self) -> Mapping[str, Any]:
        """What was changed in the config, dotted key to value."""
        return self.record.provenance.options

    @property
    def lr(self) -> float:
        """Learning rate."""
        return self.training.lr

    @property
    def seed(self) -> int:
        """Seed of initial weights, order of the data and augmentation."""
        return self.record.provenance.seed or 0

    @property
    def errors(self) -> np.ndarray:
        """Error of each face (N,) by the first normaliser, fractions."""
        return self.record.errors_by()

    @property
    def nme(self) -> float:
        """Mean of the faces' errors; infinite if one is, NaN if none is usable."""
        return self.record.nme

    @property
    def threshold(self) -> float:
        """Of FR and AUC."""
        return self.record.thresholds[-1]

    @property
    def curve(self) -> list[tuple[float, float]]:
        """(epoch, NME) of each validation; iterations where these are counted."""
        return self.record.learning_curve()


def write_results(results: Iterable[Result], path: str | Path) -> None:
    """Write the results of a study, whole or not at all.

    JSON lines: one with the names of each set of faces, then one for each run, sorted
    by the runs' names. Of the landmarks' errors and of the curve only what tables need
    is kept: the faces' errors, and the NME of each validation.
    """
    faces: dict[str, list[str]] = {}
    lines = []
    for result in sorted(results, key=lambda result: result.name):
        record = _compact(result.record)
        faces[record.digest] = list(record.names)
        content = record_to_dict(record)
        content['names'] = record.digest
        lines.append(dumps({
            'stage': result.stage, 'loss': result.loss, 'words': result.words,
            'note': result.note, 'config_hash': result.config_hash,
            'run_hash': result.run_hash, 'record': content}))
    head = [dumps({'faces': digest, 'names': names}) for digest, names in
            sorted(faces.items())]
    write_text(path, ''.join(f'{line}\n' for line in head + lines))


def _compact(record: RunRecord) -> RunRecord:
    """What a study keeps of a run, its faces sorted by name."""
    order = np.array(sorted(range(len(record)), key=record.names.__getitem__), int)
    training = record.training or Training()
    nme = next((name for point in training.curve for name in point
                if name == 'NME' or name.endswith('/NME')), 'NME')
    return replace(
        record.of_subset(order).without_landmarks(), training=replace(
            training, curve=[{key: point[key] for key in ('epoch', 'iter', nme)
                              if key in point} for point in training.curve]))


def read_results(path: str | Path) -> list[Result]:
    """All results of a study, by name.

    A last line that was cut off, as by a copy that was interrupted, is left out with a
    warning: its run counts as not yet trained.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a line of it is something else, or a run is there twice; the line
            is named.
    """
    path = Path(path)
    if not path.exists():
        if any(path.with_suffix('').glob('*.json')):
            raise ValueError(f'{path.with_suffix("")} holds results of an earlier '
                             'version of mmwing, one file a run, which this version '
                             f'does not read; it keeps a study in {path.name}')
        raise FileNotFoundError(f'{path} does not exist: there is no result of a study')
    faces: dict[str, list[str]] = {}
    results: dict[str, Result] = {}
    text = read_text(path)
    whole, _, rest = text.rpartition('\n')
    if rest and not _is_json(rest):
        text = whole
        warnings.warn(f'{path}: the last line is cut off and left out, its run counts '
                      'as not yet trained', stacklevel=2)
    for number, line in enumerate(text.splitlines(), 1):
        try:
            content = json.loads(line)
            if 'faces' in content:
                if digest_names(content['names']) != content['faces']:
                    raise ValueError('the names of the faces do not fit their digest')
                faces[content['faces']] = content['names']
            else:
                result = _result(content, faces)
                name = result.name
                if name in results:
                    raise ValueError(f'{name} is there twice: delete one of the lines')
                results[name] = result
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise ValueError(f'{path}, line {number}: no result of a study: {error}'
                             ) from error
    return list(results.values())


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _result(content: Mapping[str, Any], faces: Mapping[str, Sequence[str]]) -> Result:
    if content['stage'] not in STAGES:
        raise ValueError(f'stage must be one of {STAGES}, got {content["stage"]!r}')
    record = content['record']
    return Result(
        content['stage'], content['loss'],
        record_from_dict({**record, 'names': faces[record['names']]}),
        content['config_hash'], content['run_hash'], content['words'], content['note'])


def read_results_if_any(path: str | Path) -> list[Result]:
    """The same; none where there is no file yet."""
    try:
        return read_results(path)
    except FileNotFoundError:
        return []


def add_result(result: Result, path: str | Path) -> None:
    """Put a result into the file of a study, in the place of one of the same name."""
    others = [each for each in read_results_if_any(path) if each.name != result.name]
    write_results([*others, result], path)


def results_path(path: str | Path) -> Path:
    """The file of a study's results, by its own name or that of its table (``.md``)."""
    path = Path(path)
    if path.suffix == '.jsonl':
        return path
    return path.with_suffix('.jsonl') if path.suffix == '.md' else Path(f'{path}.jsonl')

