"""Compare runs on the same faces, with intervals of their differences."""

import csv
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmwing.visualization.ced import draw_ced

from .bootstrap import bootstrap_interval
from .functional import ced_areas, failures, mean_of_usable
from .run import Run, distinct_names, read_run


@dataclass(frozen=True)
class Figure:
    """A figure of one run and its difference from the first run.

    Attributes:
        value: The figure over the common faces, a fraction.
        difference: Figure minus the first run's.
        low: Lower end of the difference's 95 % interval.
        high: Its upper end.
    """

    value: float
    difference: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether the interval does not hold 0."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Comparison:
    """Runs on their common faces.

    Attributes:
        normalizer: Normaliser of all figures.
        threshold: Threshold of FR and AUC.
        num_faces: Faces that are usable in each run; only these count.
        num_left_out: Name of a run to how many of its faces are not among them.
        errors: Name of a run to the common faces' errors (num_faces,).
        figures: Name of a run to its figures by name.
    """

    normalizer: str
    threshold: float
    num_faces: int
    num_left_out: dict[str, int]
    errors: dict[str, np.ndarray]
    figures: dict[str, dict[str, Figure]]

    def markdown(self) -> str:
        """The comparison as a table for people."""
        names = list(next(iter(self.figures.values())))
        first = next(iter(self.figures))
        lines = [
            f'{self.num_faces} common faces, normaliser {self.normalizer}. All in %. '
            f'Differences from {first!r} with 95 % intervals (paired bootstrap over '
            'faces); bold: the interval does not hold 0.', '',
            '| run | ' + ' | '.join(
                f'{name} | difference' for name in names) + ' |',
            '|---|' + '---:|---|' * len(names)]
        for run, figures in self.figures.items():
            cells = []
            for figure in figures.values():
                cells.append(_percent(figure.value))
                cells.append('' if run == first else _interval(figure))
            lines.append('| ' + ' | '.join([run.replace('|', '\\|'), *cells]) + ' |')
        left_out = {run: n for run, n in self.num_left_out.items() if n}
        if left_out:
            lines += ['', 'Left out, because not usable in each run: ' + ', '.join(
                f'{n} faces of {run!r}' for run, n in left_out.items()) + '.']
        return '\n'.join(lines) + '\n'

    def csv(self) -> str:
        """The comparison as a table for programs; fractions."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator='\n')
        writer.writerow(['run', 'num_faces', 'normalizer', 'figure', 'value',
                         'difference', 'low', 'high'])
        for run, figures in self.figures.items():
            for name, figure in figures.items():
                writer.writerow([run, self.num_faces, self.normalizer, name, *(
                    f'{number:.8g}' for number in (
                        figure.value, figure.difference, figure.low, figure.high))])
        return text.getvalue()


def _percent(value: float) -> str:
    return f'{100 * value:.2f}'


def _interval(figure: Figure) -> str:
    mark = '**' if figure.is_clear else ''
    return (f'{mark}{100 * figure.difference:+.2f}{mark} '
            f'[{100 * figure.low:+.2f}, {100 * figure.high:+.2f}]')


def compare_runs(runs: Sequence[Run], normalizer: str | None = None,
                 threshold: float | None = None, num_bootstrap: int = 1000,
                 seed: int = 0) -> Comparison:
    """Compare runs with the first of them, face by face.

    The bootstrap draws faces, and takes each drawn face from both runs: what makes a
    face hard for both cancels out, so that a difference between two runs has a much
    narrower interval than the figures themselves.

    Args:
        runs: At least two runs on the same data set.
        normalizer: By default the first one of the first run.
        threshold: Of FR and AUC; by default the last one of the first run.
        num_bootstrap: Number of resamples.
        seed: Seed of the resamples.

    Raises:
        ValueError: When there are fewer than two runs, a run lacks the normaliser,
            has faces of the same name, or no face is common and usable.
    """
    if len(runs) < 2:
        raise ValueError(f'a comparison needs at least two runs, got {len(runs)}')
    if normalizer is None:
        normalizer = next(iter(runs[0].columns))
    if threshold is None:
        threshold = runs[0].thresholds[-1]
    names = distinct_names([run.name for run in runs])
    by_name = [_usable_faces(run, normalizer) for run in runs]
    common = sorted(set.intersection(*(set(faces) for faces in by_name)))
    if not common:
        raise ValueError(
            f'no face is usable in each of {", ".join(names)}: were they evaluated on '
            'the same data set?')
    errors = {name: np.array([faces[face] for face in common])
              for name, faces in zip(names, by_name, strict=True)}
    first = _columns(errors[names[0]], threshold)
    figures = {}
    for name in names:
        columns = _columns(errors[name], threshold)
        with np.errstate(invalid='ignore'):  # two failed predictions: inf - inf
            differences = np.stack([
                np.where(columns[key] == first[key], 0, columns[key] - first[key])
                for key in columns], axis=1)
        low, high = bootstrap_interval(differences, num_bootstrap, seed)
        figures[name] = {
            key: Figure(mean_of_usable(columns[key]),
                        float(differences[:, place].mean()),
                        float(low[place]), float(high[place]))
            for place, key in enumerate(columns)}
    return Comparison(
        normalizer, threshold, len(common),
        {name: len(run.face_names) - len(common)
         for name, run in zip(names, runs, strict=True)},
        errors, figures)


def _usable_faces(run: Run, normalizer: str) -> dict[str, float]:
    if len(set(run.face_names)) < len(run.face_names):
        raise ValueError(
            f'the report in {run.directory} has several faces of the same name, which '
            'cannot be told apart in another run: give the annotations ids')
    return {name: error for name, error in zip(
        run.face_names, run.errors(normalizer).tolist(), strict=True)
        if not np.isnan(error)}


def _columns(errors: np.ndarray, threshold: float) -> dict[str, np.ndarray]:
    """Figures as columns over faces whose means they are."""
    return {'NME': errors, f'FR@{threshold:g}': failures(errors, threshold),
            f'AUC@{threshold:g}': ced_areas(errors, threshold)}


def write_comparison(directories: Sequence[str | Path], out: str | Path,
                     normalizer: str | None = None, threshold: float | None = None,
                     num_bootstrap: int = 1000) -> Comparison:
    """Compare reports and write ``comparison.md``, ``comparison.csv``, ``ced.png``.

    Args:
        directories: Reports; the first is what the others are compared with.
        out: Directory of the results; made when missing.
        normalizer: See :func:`compare_runs`.
        threshold: See :func:`compare_runs`.
        num_bootstrap: See :func:`compare_runs`.

    Raises:
        FileNotFoundError: When a directory holds no report.
        ValueError: When the runs cannot be compared; nothing is written then.
    """
    comparison = compare_runs([read_run(path) for path in directories], normalizer,
                              threshold, num_bootstrap)
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    drafts = {name: out / f'.draft-{name}'
              for name in ('comparison.md', 'comparison.csv', 'ced.png')}
    try:
        drafts['comparison.md'].write_text(comparison.markdown(), encoding='utf-8')
        drafts['comparison.csv'].write_text(comparison.csv(), encoding='utf-8')
        draw_ced(comparison.errors, drafts['ced.png'], comparison.threshold,
                 comparison.normalizer)
        for name, draft in drafts.items():
            os.replace(draft, out / name)
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
    return comparison
