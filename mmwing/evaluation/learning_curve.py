"""Read the figures of each validation of a training."""

import json
from pathlib import Path

from mmwing.files import read_text

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
        FileNotFoundError: If there is neither a record nor a log.
        ValueError: If no validation in it has this figure.
    """
    path = Path(work_dir)
    if path.exists() and not path.is_dir() or (path / RECORD_NAME).is_file():
        return read_record(path).learning_curve(key)
    logs = sorted(path.glob('*/vis_data/scalars.json'))
    if not logs:
        raise FileNotFoundError(
            f'{work_dir} holds neither {RECORD_NAME} nor */vis_data/scalars.json; the '
            'work dir of a training with validation is needed')
    points: dict[float, float] = {}
    keys: set[str] = set()
    for log in logs:
        for line in read_text(log).splitlines():
            try:
                entry = json.loads(line)
            except json.JSONDecodeError:
                continue  # the line at which a training was killed
            if 'loss' in entry:
                continue
            keys |= entry.keys()
            if key in entry:
                points[entry['step']] = entry[key]
    if not points:
        raise ValueError(f'{work_dir}: no validation has {key!r}; its figures are '
                         f'{sorted(keys - {"step", "time", "data_time"})}')
    return sorted(points.items())
