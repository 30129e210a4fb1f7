"""Compare runs on the same faces, with intervals of their differences."""

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np

from mmwing.csv_cells import csv_text
from mmwing.files import check_file, replace_files, write_text
from mmwing.visualization.ced import draw_ced

from .bootstrap import Difference, paired_differences
from .functional import ced_areas, check_threshold, failures, mean_of_usable
from .run import RunRecord, label_runs
from .run_file import read_record

# Normalisers of one face differ by less where the labels are the same, whatever the
# rounding of coordinates and records.
_SAME_LENGTH = 0.01


@dataclass(frozen=True)
class Figure:
    """A figure of one run and its difference from the first run.

    Attributes:
        value: The figure over the common faces, a fraction.
        difference: Figure minus the first run's, with its 95 % interval.
    """

    value: float
    difference: Difference


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
        doubts: Sentences on runs whose labels differ from the first run's.
    """

    normalizer: str
    threshold: float
    num_faces: int
    num_left_out: dict[str, int]
    errors: dict[str, np.ndarray]
    figures: dict[str, dict[str, Figure]]
    doubts: Sequence[str] = ()

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
                cells.append('' if run == first else _interval(figure.difference))
            lines.append('| ' + ' | '.join([run.replace('|', '\\|'), *cells]) + ' |')
        left_out = {run: n for run, n in self.num_left_out.items() if n}
        if left_out:
            lines += ['', 'Left out, because not usable in each run: ' + ', '.join(
                f'{n} faces of {run!r}' for run, n in left_out.items()) + '.']
        for doubt in self.doubts:
            lines += ['', f'Warning: {doubt}.']
        return '\n'.join(lines) + '\n'

    def csv(self) -> str:
        """The comparison as a table for programs; fractions."""
        rows: list[list] = [['run', 'num_faces', 'normalizer', 'figure', 'value',
                             'difference', 'low', 'high']]
        for run, figures in self.figures.items():
            for name, figure in figures.items():
                rows.append([run, self.num_faces, self.normalizer, name, *(
                    f'{number:.8g}' for number in (
                        figure.value, *astuple(figure.difference)))])
        return csv_text(rows)


def _percent(value: float) -> str:
    return f'{100 * value:.2f}'


def _interval(difference: Difference) -> str:
    mark = '**' if difference.is_clear else ''
    return (f'{mark}{100 * difference.mean:+.2f}{mark} '
            f'[{100 * difference.low:+.2f}, {100 * difference.high:+.2f}]')


def compare_runs(runs: Sequence[RunRecord], normalizer: str | None = None,
                 threshold: float | None = None, num_bootstrap: int = 1000,
                 seed: int = 0, names: Sequence[str] = ()) -> Comparison:
    """Compare runs with the first of them, face by face.

    Runs whose normalisers have other lengths for the same faces are warned of: their
    labels differ, or the images have another size.

    Args:
        runs: At least two runs on the same data set.
        normalizer: By default the first one of the first run.
        threshold: Of FR and AUC; by default the last one of the first run.
        num_bootstrap: Number of resamples, see :func:`.bootstrap.paired_differences`.
        seed: Seed of the resamples.
        names: What to call the runs; see :func:`.run.label_runs`.

    Raises:
        ValueError: If there are fewer than two runs, a run lacks the normaliser, has
            another number of landmarks or faces of the same name, or no face is common
            and usable.
    """
    if len(runs) < 2:
        raise ValueError(f'a comparison needs at least two runs, got {len(runs)}')
    names = label_runs(runs, names)
    if normalizer is None:
        normalizer = runs[0].normalizers[0]
    if threshold is None:
        threshold = runs[0].thresholds[-1]
    check_threshold(threshold)
    by_label = dict(zip(names, runs, strict=True))
    _check_landmarks(by_label)
    by_name = [_usable_faces(run, name, normalizer) for run, name in zip(
        runs, names, strict=True)]
    common = sorted(set.intersection(*(set(faces) for faces in by_name)))
    if not common:
        raise ValueError(
            f'no face is usable in each of {", ".join(names)}: were they evaluated on '
            'the same data set?')
    doubts = list(_length_doubts(by_label, normalizer, common))
    for doubt in doubts:
        warnings.warn(doubt, stacklevel=2)
    errors = {name: np.array([faces[face] for face in common])
              for name, faces in zip(names, by_name, strict=True)}
    columns = {name: _columns(values, threshold) for name, values in errors.items()}
    tables = {name: np.stack(list(figures.values()), axis=1)
              for name, figures in columns.items()}
    figures = {}
    for name in names:
        differences = paired_differences(tables[name], tables[names[0]], num_bootstrap,
                                         seed)
        figures[name] = {
            key: Figure(mean_of_usable(columns[name][key]), difference)
            for key, difference in zip(columns[name], differences, strict=True)}
    return Comparison(
        normalizer, threshold, len(common),
        {name: len(run) - len(common) for name, run in zip(names, runs, strict=True)},
        errors, figures, doubts)


def _check_landmarks(runs: Mapping[str, RunRecord]) -> None:
    """Refuse runs whose records say that their faces have not as many landmarks."""
    counts = {name: run.point_errors.shape[1] for name, run in runs.items()
              if run.point_errors is not None}
    if len(set(counts.values())) > 1:
        raise ValueError(
            'the runs must have the same landmarks, got '
            + ', '.join(f'{count} of {name!r}' for name, count in counts.items())
            + ': errors over others cannot be compared')


def _length_doubts(runs: Mapping[str, RunRecord], normalizer: str,
                   faces: Sequence[str]) -> Iterator[str]:
    """What shows that the labels of a run are not those of the first.

    An offset that is taken off all labels changes no length, and boxes that a model
    was tested on do not normalise: neither is doubted.
    """
    lengths = {name: _lengths_of(run, normalizer, faces) for name, run in runs.items()
               if normalizer in run.lengths}
    for name in list(lengths)[1:]:
        first = next(iter(lengths))
        ratio = lengths[name] / lengths[first]
        differing = int((np.abs(np.log(ratio)) > _SAME_LENGTH).sum())
        if differing:
            yield (f'{normalizer} has another length in {name!r} than in {first!r} '
                   f'for {differing} of {len(faces)} common faces (in the middle '
                   f'{np.median(ratio):.3g} times): their labels differ, or their '
                   'images are of other sizes')


def _lengths_of(run: RunRecord, normalizer: str, faces: Sequence[str]) -> np.ndarray:
    by_name = dict(zip(run.names, run.lengths[normalizer].tolist(), strict=True))
    return np.array([by_name[face] for face in faces])


def _usable_faces(run: RunRecord, label: str, normalizer: str) -> dict[str, float]:
    if len(set(run.names)) < len(run):
        raise ValueError(
            f'{label} has several faces of the same name, which cannot be told apart '
            'in another run: give the annotations ids')
    return {name: error for name, error in zip(
        run.names, run.errors_by(normalizer).tolist(), strict=True)
        if not np.isnan(error)}


def _columns(errors: np.ndarray, threshold: float) -> dict[str, np.ndarray]:
    """Figures as columns over faces whose means they are."""
    return {'NME': errors, f'FR@{threshold:g}': failures(errors, threshold),
            f'AUC@{threshold:g}': ced_areas(errors, threshold)}


def write_comparison(paths: Sequence[str | Path], out: str | Path,
                     normalizer: str | None = None, threshold: float | None = None,
                     num_bootstrap: int = 1000, names: Sequence[str] = ()
                     ) -> Comparison:
    """Compare runs and write ``comparison.md``, ``comparison.csv``, ``ced.png``.

    Args:
        paths: Records of runs, or the folders that hold them (reports, work dirs); the
            first is what the others are compared with.
        out: Folder of the results; made when missing.
        normalizer: See :func:`compare_runs`.
        threshold: See :func:`compare_runs`.
        num_bootstrap: See :func:`compare_runs`.
        names: See :func:`compare_runs`.

    Raises:
        FileNotFoundError: If there is no record.
        OSError: If the folder cannot be written.
        ValueError: If the runs cannot be compared, or ``out`` names no folder; nothing
            is written then.
    """
    if not str(out) or os.path.isfile(out):
        raise ValueError('out must be a folder for comparison.md, comparison.csv and '
                         f'ced.png, got {"the file " if str(out) else ""}{str(out)!r}')
    out = Path(out)
    check_file(out / 'comparison.md')
    comparison = compare_runs([read_record(path) for path in paths], normalizer,
                              threshold, num_bootstrap, names=names)
    with replace_files(out / 'comparison.md', out / 'comparison.csv',
                       out / 'ced.png') as (table, numbers, picture):
        write_text(table, comparison.markdown())
        write_text(numbers, comparison.csv())
        draw_ced(comparison.errors, picture, comparison.threshold,
                 comparison.normalizer)
    return comparison
