"""Read the figures of each validation from the log of a training."""

import json
from pathlib import Path


def read_learning_curve(work_dir: str | Path,
                        key: str = 'NME') -> list[tuple[float, float]]:
    """Read a figure after each validation from what MMEngine logged.

    A training that was resumed has a log for each time it was started; where two of
    them have the same epoch, the later one counts.

    Args:
        work_dir: The work dir of a training.
        key: The figure, e.g. ``'NME'`` or ``'NME_inter_pupil'``.

    Returns:
        (epoch, value), in rising order of epochs.

    Raises:
        FileNotFoundError: If there is no log.
        ValueError: If no validation in it has this figure.
    """
    logs = sorted(Path(work_dir).glob('*/vis_data/scalars.json'))
    if not logs:
        raise FileNotFoundError(
            f'{work_dir}: no */vis_data/scalars.json in it; the work dir of a training '
            'with validation is needed')
    points: dict[float, float] = {}
    keys: set[str] = set()
    for log in logs:
        for line in log.read_text().splitlines():
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
