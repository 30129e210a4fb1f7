"""Read and write the record of a run as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from mmwing.files import printable, read_json, write_text

from .functional import face_errors
from .provenance import Provenance
from .run import RunRecord, Training

#: The record's name in a report's folder and in a training's work dir.
RECORD_NAME = 'run.json'
_FORMAT = 'mmwing run 1'
# Six digits: a millionth of an error is no finding, and files stay small.
_DIGITS = 6


def record_to_dict(record: RunRecord) -> dict[str, Any]:
    """A record as JSON has it: plain lists, null for NaN and ``"inf"`` for infinity.

    Errors of faces are left out where they follow from those of the landmarks.
    """
    training = record.training
    content: dict[str, Any] = {
        'format': _FORMAT,
        'provenance': _filled(asdict(record.provenance)),
        'normalizers': record.normalizers,
        'thresholds': list(record.thresholds),
        'figures': _numbers(record.figures),
        'training': None if training is None else {
            **asdict(training), 'lr': _number(training.lr),
            'cpu_seconds': round(training.cpu_seconds, 1),
            'curve': [_numbers(point) for point in training.curve]},
        'names': list(record.names),
        'subsets': {name: np.flatnonzero(members).tolist()
                    for name, members in record.subsets.items()},
    }
    if record.point_errors is None:
        content['errors'] = {name: _rounded(values)
                             for name, values in record.errors.items()}
    else:
        content['landmark_names'] = list(record.landmark_names)
        content['lengths'] = {name: _rounded(values, digits=9)
                              for name, values in record.lengths.items()}
        content['point_errors'] = [_rounded(row) for row in record.point_errors]
    return {key: value for key, value in content.items()
            if value not in (None, {}, []) or key == 'names'}


def record_from_dict(content: Mapping[str, Any]) -> RunRecord:
    """The reverse of :func:`record_to_dict`.

    Raises:
        ValueError: If it is not a record, or one of another format.
    """
    found = content.get('format') if isinstance(content, Mapping) else None
    if found != _FORMAT:
        raise ValueError('it is not the record of a run' if found is None else
                         f'its format is {found!r}, this mmwing reads {_FORMAT!r}')
    try:
        names = [str(name) for name in content['names']]
        normalizers = list(content.get('normalizers', ()))
        lengths = {name: _array(content['lengths'][name], len(names))
                   for name in normalizers} if 'lengths' in content else {}
        points = None
        if 'point_errors' in content:
            points = np.array(content['point_errors'], np.float64)
            points = points.reshape(len(names), -1)
            errors = {name: face_errors(points, length)
                      for name, length in lengths.items()}
        else:
            errors = {name: _array(content['errors'][name], len(names))
                      for name in normalizers}
        subsets = {}
        for name, indices in content.get('subsets', {}).items():
            subsets[name] = np.zeros(len(names), bool)
            subsets[name][indices] = True
        training = content.get('training')
        return RunRecord(
            names, errors, tuple(content.get('thresholds', ())),
            Provenance(**_known(content.get('provenance', {}), Provenance)), subsets,
            _floats(content.get('figures', {})), points, lengths,
            tuple(content.get('landmark_names', ())),
            training and Training(**_known({
                **training, 'lr': _float(training.get('lr')),
                'curve': [_floats(point) for point in training.get('curve', ())]},
                Training)))
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError(f'the record is incomplete or damaged: {error!r}') from error


def write_record(record: RunRecord, path: str | Path) -> None:
    """Write a record as JSON, whole or not at all; a line for each face's landmarks."""
    content = record_to_dict(record)
    rows = content.pop('point_errors', None)
    lines = [f'{json.dumps(key)}: {dumps(value)}' for key, value in content.items()]
    if rows is not None:
        lines.append('"point_errors": [\n' + ',\n'.join(map(dumps, rows)) + '\n]')
    write_text(path, '{\n' + ',\n'.join(lines) + '\n}\n')


def read_record(path: str | Path) -> RunRecord:
    """Read a record: a file, or a folder (report or work dir) that holds one.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If the file cannot be understood; the message says so where it was
            written by an earlier version.
    """
    path = Path(path)
    file = path / RECORD_NAME if path.is_dir() else path
    if not file.exists():
        if (path / 'metrics.json').is_file():
            raise ValueError(
                f'{path} is a report of an earlier version of mmwing, without '
                f'{RECORD_NAME}: write it again with mmwing test CONFIG CHECKPOINT '
                '--report DIR')
        lack = 'holds no' if path.exists() else 'does not exist: there is no'
        raise FileNotFoundError(
            f'{path} {lack} record of a run ({RECORD_NAME}); mmwing test CONFIG '
            'CHECKPOINT --report DIR writes one')
    try:
        return record_from_dict(read_json(file))
    except ValueError as error:
        text = str(error)
        raise ValueError(text if printable(file) in text else f'{printable(file)}: '
                         f'{text}') from error


def read_nme(source: str | Path) -> float:
    """The NME of a trained model, a fraction.

    Args:
        source: A report's folder or record, the file that ``mmwing test --out``
            writes, or the number itself.

    Raises:
        FileNotFoundError: If it is neither a number nor a file.
        ValueError: If the file names no NME, or the NME is not a positive fraction.
    """
    try:
        nme = float(str(source))
    except ValueError:
        path = Path(source)
        if path.is_dir() or path.name == RECORD_NAME:
            nme = read_record(path).nme
        elif path.exists():
            content = read_json(path)
            if not isinstance(content, dict) or content.get('NME') is None:
                raise ValueError(f'{path} names no NME') from None
            nme = float(content['NME'])
        else:
            raise FileNotFoundError(f'{path} is neither a file nor an NME') from None
    if not 0 < nme < 1:
        raise ValueError(f'the NME must be a fraction in (0, 1), such as 0.045, got '
                         f'{nme!r}')
    return nme


def dumps(value: Any) -> str:
    """JSON on one line, without NaN and infinity, which JSON has not."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _rounded(values: np.ndarray, digits: int = _DIGITS) -> list[float | str | None]:
    return [_number(float(f'{value:.{digits}g}')) for value in values.tolist()]


def _array(values: Sequence[float | str | None], size: int) -> np.ndarray:
    array = np.array(values, np.float64)  # None becomes NaN, 'inf' infinity
    if array.shape != (size,):
        raise ValueError(f'there are {size} names and {len(values)} values')
    return array


def _number(value: float) -> float | int | str | None:
    """A number for JSON, which has no NaN (null) and no infinity ('inf')."""
    if isinstance(value, int) or math.isfinite(value):
        return value if isinstance(value, int) else float(value)
    return None if math.isnan(value) else str(float(value))


def _float(value: float | str | None) -> float:
    if value is None:
        return math.nan
    return value if isinstance(value, int) else float(value)


def _numbers(values: Mapping[str, float]) -> dict[str, float | int | str | None]:
    return {key: _number(value) for key, value in values.items()}


def _floats(values: Mapping[str, float | str | None]) -> dict[str, float]:
    return {key: _float(value) for key, value in values.items()}


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items()
            if value not in ('', None) and value != {}}


def _known(values: Mapping[str, Any], kind: type) -> dict[str, Any]:
    """What this version knows of a part; a later one may have added fields."""
    names = {each.name for each in fields(kind)}
    return {key: value for key, value in values.items() if key in names}
