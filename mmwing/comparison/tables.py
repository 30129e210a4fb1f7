"""From result files to the table, the pictures and what may be said about them."""

from __future__ import annotations

import csv
import math
import shlex
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmwing.evaluation.bootstrap import bootstrap_interval
from mmwing.evaluation.functional import area_under_ced, failure_rate
from mmwing.visualization.ced import draw_ced
from mmwing.visualization.learning_curves import draw_learning_curves

from .results import Result
from .study import choose_lrs
from .variant import Variant

DEFAULT_REFERENCE = 'WingLoss'
_UNITS = {'mmwing': 'pixels', 'mmpose': 'normalised'}
_HEADS = {'config': "config's", 'stock': "MMPose's stock"}


@dataclass(frozen=True, eq=False)
class Row:
    """The final runs of one loss.

    Attributes:
        loss: As :class:`.Variant` writes it.
        lr: Learning rate.
        runs: Seed to result.
        difference: Mean over faces and common seeds of the error less that of the
            reference, and its 95 % interval over faces: (mean, low, high); None for
            the reference itself and without common seeds.
        better: Common seeds in which the NME is below the reference's, and how many
            there are.
    """

    loss: str
    lr: float
    runs: dict[int, Result]
    difference: tuple[float, float, float] | None = None
    better: tuple[int, int] = (0, 0)

    @property
    def errors(self) -> np.ndarray:
        """Errors of the faces in each seed (S, N)."""
        return np.stack([run.errors for run in self.runs.values()])

    @property
    def nmes(self) -> np.ndarray:
        """NME of each seed (S,)."""
        return np.array([run.nme for run in self.runs.values()])

    @property
    def nme_interval(self) -> tuple[float, float]:
        """95 % interval over faces of the NME, seeds averaged."""
        low, high = bootstrap_interval(_usable(self.errors.mean(0))[:, None])
        return float(low[0]), float(high[0])

    def mean_over_seeds(self, figure) -> float:
        """Mean of ``figure(errors, threshold)`` over the seeds."""
        return float(np.mean([figure(run.errors, run.threshold)
                              for run in self.runs.values()]))


def make_rows(results: Sequence[Result], reference: str | None = None) -> list[Row]:
    """Group final results by loss and learning rate, best first.

    Args:
        results: Results, of which the final ones count.
        reference: The loss that the others are compared with. By default
            ``WingLoss``, or the best where there is none.

    Raises:
        ValueError: If there is no final result, the reference is not among them, or
            they are not of the same configuration and faces.
    """
    finals = [result for result in results if result.stage == 'final']
    if not finals:
        raise ValueError('there is no final result yet, only tuning')
    for what in ('config_hash', 'faces', 'normalizer', 'threshold'):
        found = {getattr(result, what) for result in finals}
        if len(found) > 1:
            raise ValueError(f'the results differ in {what}: {sorted(map(str, found))};'
                             ' they cannot stand in one table')
    groups: dict[tuple[str, float], dict[int, Result]] = defaultdict(dict)
    for result in finals:
        groups[result.loss, result.lr][result.seed] = result
    rows = sorted((Row(loss, lr, dict(sorted(runs.items())))
                   for (loss, lr), runs in groups.items()),
                  key=lambda row: np.nan_to_num(row.nmes.mean(), nan=np.inf))
    names = [row.loss for row in rows]
    if reference is None:
        reference = DEFAULT_REFERENCE if DEFAULT_REFERENCE in names else names[0]
    if reference not in names:
        raise ValueError(f'reference must be one of {sorted(set(names))}, got '
                         f'{reference!r}')
    against = rows[names.index(reference)]
    return [row if row is against else _compared(row, against) for row in rows]


def _compared(row: Row, reference: Row) -> Row:
    seeds = sorted(set(row.runs) & set(reference.runs))
    if not seeds:
        return row
    with np.errstate(invalid='ignore'):  # two infinite errors differ by nothing known
        differences = _usable(np.mean([
            row.runs[seed].errors - reference.runs[seed].errors for seed in seeds],
            axis=0))
    low, high = bootstrap_interval(differences[:, None])
    better = sum(row.runs[seed].nme < reference.runs[seed].nme for seed in seeds)
    return Row(row.loss, row.lr, row.runs,
               (float(differences.mean()), float(low[0]), float(high[0])),
               (better, len(seeds)))


def _usable(values: np.ndarray) -> np.ndarray:
    return values[~np.isnan(values)]


def write_tables(results: Sequence[Result], out: str | Path,
                 reference: str | None = None) -> list[Path]:
    """Write the table as Markdown and CSV, and the two pictures beside it.

    Args:
        results: What :func:`.read_results` read.
        out: Path of the Markdown file; the others are ``STEM.csv``, ``STEM_ced.png``
            and ``STEM_curves.png``.
        reference: See :func:`make_rows`.

    Returns:
        The files that were written.

    Raises:
        ValueError: See :func:`make_rows`.
    """
    out = Path(out)
    if out.suffix != '.md':
        raise ValueError(f'out must end in .md, got {str(out)!r}')
    rows = make_rows(results, reference)
    stem = out.with_suffix('')
    paths = [out, Path(f'{stem}.csv'), Path(f'{stem}_ced.png'),
             Path(f'{stem}_curves.png')]
    out.parent.mkdir(parents=True, exist_ok=True)
    first = next(iter(rows[0].runs.values()))
    several = len({row.loss for row in rows}) < len(rows)
    names = [f'{row.loss}, lr {row.lr:g}' if several else row.loss for row in rows]
    _write_csv(rows, paths[1])
    draw_ced({name: row.errors.ravel() for name, row in zip(names, rows, strict=True)},
             paths[2], first.threshold, first.normalizer)
    draw_learning_curves(
        {name: [run.curve for run in row.runs.values()]
         for name, row in zip(names, rows, strict=True)}, paths[3], first.normalizer)
    out.write_text(_markdown(results, rows, stem), encoding='utf-8')
    return paths


def _write_csv(rows: Sequence[Row], path: Path) -> None:
    with path.open('w', newline='', encoding='utf-8') as file:
        writer = csv.writer(file)
        writer.writerow(['loss', 'head', 'unit', 'lr', 'seeds', 'nme', 'nme_sd',
                         'nme_low', 'nme_high', 'fr', 'auc', 'difference',
                         'difference_low', 'difference_high', 'seeds_better',
                         'cpu_seconds'])
        for row in rows:
            variant = Variant.parse(row.loss)
            writer.writerow([
                row.loss, variant.head, _UNITS[variant.origin], f'{row.lr:g}',
                ' '.join(map(str, row.runs)),
                *(f'{value:.6g}' for value in (
                    row.nmes.mean(), _sd(row.nmes), *row.nme_interval,
                    row.mean_over_seeds(failure_rate),
                    row.mean_over_seeds(area_under_ced))),
                *([f'{value:.6g}' for value in row.difference] if row.difference
                  else [''] * 3),
                f'{row.better[0]}/{row.better[1]}' if row.difference else '',
                f'{np.mean([r.cpu_seconds for r in row.runs.values()]):.0f}'])


def _sd(values: np.ndarray) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else math.nan


def _markdown(results: Sequence[Result], rows: Sequence[Row], stem: Path) -> str:
    first = next(iter(rows[0].runs.values()))
    reference = next((row.loss for row in rows if row.difference is None),
                     rows[0].loss)
    seeds = sorted({seed for row in rows for seed in row.runs})
    faces = len(_usable(first.errors))
    length = f'{first.epochs} epochs' if first.epochs else "the config's iterations"
    normalizer = first.normalizer.replace('_', '-')
    lines = [
        f'# Losses compared on `{first.config}`', '',
        f'{first.note + " " if first.note else ""}{length}, '
        f'{"one seed" if len(seeds) == 1 else f"{len(seeds)} seeds"} '
        f'({", ".join(map(str, seeds))}), {faces} faces of validation, NME in % of '
        f'{normalizer}.', '',
        *_main_table(rows, first.threshold, reference), '',
        f'NME: mean over seeds{" ± standard deviation" if len(seeds) > 1 else ""}, '
        'and in brackets the 95 % interval over faces. Difference: NME less that of '
        f'`{reference}` on the same faces and seeds, in percentage points, with the '
        'paired 95 % bootstrap interval (1000 draws of faces'
        + (', seeds averaged' if len(seeds) > 1 else '; of one seed, so that what '
           'another seed would give is not in it') + ').', '',
        *_heads(rows), *_tuning(results),
        f'![Cumulative error]({stem.name}_ced.png)', '',
        f'![Learning curves]({stem.name}_curves.png)', '',
        '## How it was made', '', *_order_of_data(rows), '', '```', *_command(
            results, rows, stem), '```', '',
        f'From the files in `{stem.name}/` alone: `python tools/compare_losses.py '
        f'--table-only --out {stem.name}.md`. '
        + 'Versions: ' + ', '.join(f'{name} {number}' for name, number
                                   in first.versions.items()) + '.', '']
    return '\n'.join(lines)


def _main_table(rows: Sequence[Row], threshold: float, reference: str) -> list[str]:
    lines = [f'| loss | head | unit | lr | NME % | FR@{threshold:g} % | '
             f'AUC@{threshold:g} | difference to {reference} | CPU s a run |',
             '|---|---|---|---|---|---|---|---|---|']
    for row in rows:
        variant = Variant.parse(row.loss)
        sd = f' ± {100 * _sd(row.nmes):.2f}' if len(row.runs) > 1 else ''
        low, high = (100 * end for end in row.nme_interval)
        difference = '–'
        if row.difference:
            mean, below, above = (100 * value for value in row.difference)
            difference = f'{mean:+.2f} [{below:+.2f}, {above:+.2f}]'
            if len(row.runs) > 1:
                difference += f', better in {row.better[0]} of {row.better[1]} seeds'
        seconds = np.mean([run.cpu_seconds for run in row.runs.values()])
        lines.append(
            f'| `{row.loss}` | {_HEADS[variant.head]} | {_UNITS[variant.origin]} | '
            f'{row.lr:g} | {100 * row.nmes.mean():.2f}{sd} [{low:.2f}, {high:.2f}] | '
            f'{100 * row.mean_over_seeds(failure_rate):.1f} | '
            f'{row.mean_over_seeds(area_under_ced):.3f} | {difference} | '
            f'{seconds:.0f} |')
    return lines


def _heads(rows: Sequence[Row]) -> list[str]:
    variants = [Variant.parse(row.loss) for row in rows]
    lines = []
    if any(variant.head == 'stock' for variant in variants):
        lines += [
            "MMPose's stock head is its `RegressionHead`: one linear layer on the "
            "backbone's features, normal weights (0.01) and bias 0, no mean shape, no "
            "hidden layer. The config's head may have those, so rows of different "
            'heads differ in more than the loss.', '']
    if any(variant.origin == 'mmpose' for variant in variants):
        lines += [
            "`mmpose:` is MMPose's own class with its own defaults, on coordinates "
            'normalised by the input size, with `use_target_weight=True` as in '
            "MMPose's configs. Without it the class is mmwing's, in pixels.", '']
    return lines


def _tuning(results: Sequence[Result]) -> list[str]:
    tuned = [result for result in results if result.stage == 'tune']
    if not tuned:
        return []
    lrs = sorted({result.lr for result in tuned})
    chosen = choose_lrs(tuned)
    lines = ['## Learning rates', '',
             f'Chosen by the NME after {tuned[0].epochs} epochs with seed '
             f'{tuned[0].seed} on {len(tuned[0].errors)} faces'
             + (' (' + ', '.join(f'`{key}={value}`' for key, value in
                                 tuned[0].options.items()) + ')'
                if tuned[0].options else '') + ':', '',
             '| loss | ' + ' | '.join(f'{lr:g}' for lr in lrs) + ' |',
             '|---|' + '---|' * len(lrs)]
    for loss, lr in sorted(chosen.items()):
        found = {result.lr: result.nme for result in tuned if result.loss == loss}
        cells = [f'{100 * found[each]:.2f}' if each in found else '–' for each in lrs]
        cells = [f'**{cell}**' if each == lr else cell
                 for cell, each in zip(cells, lrs, strict=True)]
        lines.append(f'| `{loss}` | ' + ' | '.join(cells) + ' |')
    at_end = [loss for loss, lr in chosen.items() if lr in (lrs[0], lrs[-1])]
    if len(lrs) > 1 and at_end:
        lines += ['', 'At the end of the range that was tried, so that a better one '
                  'may lie beyond: ' + ', '.join(f'`{loss}`' for loss in
                                                sorted(at_end)) + '.']
    return [*lines, '']


def _order_of_data(rows: Sequence[Row]) -> list[str]:
    """Say whether runs of a seed saw the same batches."""
    seen: dict[int, set[tuple]] = defaultdict(set)
    for row in rows:
        for seed, run in row.runs.items():
            seen[seed].add(tuple(run.batches))
    odd = [str(seed) for seed, digests in seen.items()
           if len(digests) > 1 or None in next(iter(digests))]
    if odd:
        return ['**The runs did not all see the same training pictures** (seeds '
                f'{", ".join(odd)}): their checksums differ.']
    return ['All losses of a seed saw the same training pictures in the same order '
            '(checksums of all batches agree).']


def _command(results: Sequence[Result], rows: Sequence[Row], stem: Path) -> list[str]:
    """The command that makes these results."""
    first = next(iter(rows[0].runs.values()))
    tuned = [result for result in results if result.stage == 'tune']
    losses = list(dict.fromkeys(row.loss for row in rows))
    seeds = sorted({seed for row in rows for seed in row.runs})
    parts = [f'python tools/compare_losses.py {first.config}',
             '--losses ' + ' '.join(map(shlex.quote, losses)),
             '--seeds ' + ' '.join(map(str, seeds))]
    if first.epochs:
        parts.append(f'--epochs {first.epochs}')
    if first.options:
        parts.append('--cfg-options ' + _options(first.options))
    if tuned:
        lrs = sorted({result.lr for result in tuned})
        parts += ['--tune-lrs ' + ' '.join(f'{lr:g}' for lr in lrs),
                  f'--tune-epochs {tuned[0].epochs}']
        own = {key: value for key, value in tuned[0].options.items()
               if first.options.get(key) != value}
        if own:
            parts.append('--tune-options ' + _options(own))
    elif len(losses) == len(rows):
        parts.append('--lrs ' + ' '.join(f'{row.lr:g}' for row in rows))
    if first.note:
        parts.append('--note ' + shlex.quote(first.note))
    parts.append(f'--out {stem.name}.md')
    return [*(f'{part} \\' for part in parts[:1]),
            *(f'    {part} \\' for part in parts[1:-1]), f'    {parts[-1]}']


def _options(options: dict) -> str:
    return ' '.join(shlex.quote(f'{key}={value}') for key, value in options.items())
