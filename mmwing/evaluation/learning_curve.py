"""Read the figures of each validation of a training."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from mmwing.arguments import is_number
from mmwing.files import printable, read_text

from .run_file import RECORD_NAME, read_record


def read_learning_curve(work_dir: str | Path,
                        key: str = 'NME') -> list[tuple[float, float]]:
    """Read a figure after each validation.

    It comes from the record that :class:`mmwing.RunRecordHook` keeps, or, without one,
    from the logs of MMEngine. A training that was resumed has a log for each start;
    where two of them have the same epoch, the later one counts.

    Args:
        work_dir: The work dir of a training, or a record.
        key: The figure, e.g. ``'NME'`` or ``'NME_inter_pupil'``.

    Returns:
        (epoch, value), in rising order of epochs; iterations where these are counted.

    Raises:
        FileNotFoundError: If there is no such folder, or neither a record nor a log.
        ValueError: If no validation in it has this figure, or a log holds something
            else than figures.
    """
    path = Path(work_dir)
    if not path.exists():
        raise FileNotFoundError(
            f'{work_dir} does not exist; the work dir of a training is needed')
    if _has_record(path):
        return read_record(path).learning_curve(key)
    logs = sorted(path.glob('*/vis_data/scalars.json'))
    if not logs:
        raise FileNotFoundError(
            f'{work_dir} holds neither {RECORD_NAME} nor */vis_data/scalars.json; the '
            'work dir of a training with validation is needed')
    points: dict[float, float] = {}
    keys: set[str] = set()
    for log in logs:
        for number, line in enumerate(read_text(log).splitlines(), start=1):
            try:
                entry = json.loads(line)
            except json.JSONDecodeError:
                continue  # the line at which a training was killed
            place = f'{printable(log)}, line {number}'
            if not isinstance(entry, dict):
                raise ValueError(f'{place} must hold figures by name, as MMEngine logs '
                                 f'them, got {line[:60]}')
            if 'loss' in entry:
                continue
            keys |= entry.keys()
            if key in entry:
                for name in ('step', key):
                    if not is_number(entry.get(name)):
                        raise ValueError(f'{place}: {name} must be a number, got '
                                         f'{entry.get(name)!r}')
                points[entry['step']] = entry[key]
    if not points:
        raise ValueError(f'{work_dir}: no validation has {key!r}; its figures are '
                         f'{sorted(keys - {"step", "time", "data_time"})}')
    return sorted(points.items())


def own_normalizers(work_dir: str | Path) -> list[str]:
    """The normalisers that a training was validated by, where its record names them."""
    path = Path(work_dir)
    return read_record(path).normalizers if _has_record(path) else []


def label_work_dirs(work_dirs: Sequence[str | Path]) -> list[str]:
    """What to call trainings beside each other: the last parts of their paths.

    As many parts as tell them apart: ``run`` alone, ``a/run`` beside ``b/run``.

    Args:
        work_dirs: Their paths.

    Raises:
        ValueError: If one is given twice.
    """
    paths = [Path(os.path.abspath(work_dir)) for work_dir in work_dirs]
    for index, path in enumerate(paths):
        if path in paths[:index]:
            raise ValueError(f'{work_dirs[index]} is given twice: give each work dir '
                             'once')
    for count in range(1, max(len(path.parts) for path in paths) + 1):
        labels = [str(Path(*path.parts[-count:])) for path in paths]
        if len(set(labels)) == len(labels):
            break
    return labels


def _has_record(path: Path) -> bool:
    return path.exists() and not path.is_dir() or (path / RECORD_NAME).is_file()
