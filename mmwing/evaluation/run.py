"""A run read back from the report that it wrote."""

import csv
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True, eq=False)
class Run:
    """What a report directory says of its faces.

    Attributes:
        name: Name of the run: the title of its report.
        directory: Where the report is.
        face_names: A name for each face (N).
        thresholds: Thresholds of the run's FR and AUC.
        columns: Normaliser to the faces' errors (N,), fractions, NaN for a face that
            was unusable.
    """

    name: str
    directory: Path
    face_names: list[str]
    thresholds: list[float]
    columns: dict[str, np.ndarray]

    def errors(self, normalizer: str) -> np.ndarray:
        """Errors of the faces (N,) by a normaliser.

        Raises:
            ValueError: When the run has no such column.
        """
        if normalizer not in self.columns:
            raise ValueError(
                f'the report in {self.directory} has no normalizer {normalizer!r}, '
                f'only {sorted(self.columns)}: evaluate it with the same one')
        return self.columns[normalizer]


def read_run(directory: str | Path) -> Run:
    """Read ``metrics.json`` and ``per_image.csv`` of a report.

    Raises:
        FileNotFoundError: When the directory holds no report.
        ValueError: When a file of the report cannot be understood.
    """
    directory = Path(directory)
    for name in ('metrics.json', 'per_image.csv'):
        if not (directory / name).is_file():
            raise FileNotFoundError(
                f'{directory} has no {name}: it is not a report; write one with '
                'mmwing test CONFIG CHECKPOINT --report DIR')
    try:
        metrics = json.loads((directory / 'metrics.json').read_text(encoding='utf-8'))
        with (directory / 'per_image.csv').open(newline='', encoding='utf-8') as file:
            rows = list(csv.DictReader(file))
        return Run(
            metrics['title'], directory, [row['name'] for row in rows],
            metrics['thresholds'],
            {name: np.array([float(row[f'nme_{name}'] or 'nan') for row in rows])
             for name in metrics['normalizers']})
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f'the report in {directory} cannot be read: {error!r}'
                         ) from error


def distinct_names(names: Sequence[str]) -> list[str]:
    """Number names that occur more than once: ``a``, ``a (2)``, ``a (3)``."""
    seen: Counter[str] = Counter()
    distinct = []
    for name in names:
        seen[name] += 1
        distinct.append(name if seen[name] == 1 else f'{name} ({seen[name]})')
    return distinct


def read_nme(source: str | Path) -> float:
    """The NME of a trained model, a fraction.

    Args:
        source: ``metrics.json`` of a report, the file that ``mmwing test --out``
            writes, a directory with a report, or the number itself.

    Raises:
        FileNotFoundError: When it is neither a number nor a file.
        ValueError: When the file names no NME, or the NME is no positive fraction.
    """
    try:
        nme = float(str(source))
    except ValueError:
        path = Path(source)
        path = path / 'metrics.json' if path.is_dir() else path
        if not path.is_file():
            raise FileNotFoundError(f'{path} is neither a file nor an NME') from None
        content = json.loads(path.read_text(encoding='utf-8'))
        nme = content.get('figures', content).get('NME')
        if nme is None:
            raise ValueError(f'{path} names no NME: {sorted(content)}') from None
    if not 0 < nme < 1:
        raise ValueError(f'the NME must be a fraction in (0, 1), such as 0.045, got '
                         f'{nme!r}')
    return nme
