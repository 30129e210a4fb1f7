"""Write the table and the pictures of a study."""

from __future__ import annotations

import math
import shlex
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path

import numpy as np

from mmwing.engine.hooks.run_record_hook import BEFORE_DEVICE
from mmwing.evaluation.bootstrap import (
    Difference,
    bootstrap_interval,
    paired_differences,
)
from mmwing.evaluation.functional import auc, failure_rate, usable_errors
from mmwing.files import replace_files
from mmwing.visualization.ced import draw_ced
from mmwing.visualization.learning_curves import draw_learning_curves

from .results import Result
from .study import choose_lrs, tunings
from .variant import Variant

DEFAULT_REFERENCE = 'WingLoss'
_HEADS = {'config': "config's", 'stock': "MMPose's stock"}


@dataclass(frozen=True, eq=False)
class Row:
    """The final runs of one loss or variant.

    Attributes:
        loss: As :class:`.Variant` writes it.
        lr: Learning rate.
        runs: Seed to result.
        difference: Mean over faces and common seeds of the error less that of the
            reference, with its 95 % interval over faces and seeds; None for the
            reference itself and without common seeds.
        better: Common seeds in which the NME is below the reference's, and how many
            there are.
    """

    loss: str
    lr: float
    runs: dict[int, Result]
    difference: Difference | None = None
    better: tuple[int, int] = (0, 0)

    @property
    def variant(self) -> Variant:
        """What was trained."""
        return next(iter(self.runs.values())).variant

    @property
    def head(self) -> str:
        """Which head was trained, for people."""
        return _HEADS[self.variant.head]

    @property
    def unit(self) -> str:
        """What the loss counts in; unknown where the config names the loss."""
        return self.variant.unit

    @property
    def cpu_seconds(self) -> float:
        """CPU time of a run, on average."""
        return float(np.mean([run.training.cpu_seconds for run in self.runs.values()]))

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
        """95 % interval over faces and seeds of the NME."""
        usable = self.errors[:, ~np.isnan(self.errors).any(axis=0)]
        low, high = bootstrap_interval(usable.T[:, None])
        return float(low[0]), float(high[0])

    def mean_over_seeds(self, figure) -> float:
        """Mean of ``figure(errors, thr=threshold)`` over the seeds."""
        return float(np.mean([figure(usable_errors(run.errors), thr=run.threshold)
                              for run in self.runs.values()]))


def make_rows(results: Sequence[Result], reference: str | None = None) -> list[Row]:
    """Group final results by loss and learning rate, best first.

    Args:
        results: Results, of which the final ones count.
        reference: The loss or variant that the others are compared with. By default
            ``WingLoss``, or the best where there is none.

    Raises:
        ValueError: If there is no final result, the reference is not among them, or
            they are not of the same configuration and faces.
    """
    finals = [result for result in results if result.stage == 'final']
    if not finals:
        raise ValueError('there is no final result yet, only tuning')
    for what, values in (
            ('config_hash', [result.config_hash for result in finals]),
            ('faces', [result.record.digest for result in finals]),
            ('normalizer', [result.record.normalizers[0] for result in finals]),
            ('threshold', [result.threshold for result in finals])):
        if len(set(values)) > 1:
            raise ValueError(
                f'the results differ in {what}: {sorted(set(map(str, values)))}; they '
                'cannot stand in one table')
    groups: dict[tuple[str, float], dict[int, Result]] = defaultdict(dict)
    for result in finals:
        groups[result.loss, result.lr][result.seed] = result
    rows = sorted((Row(loss, lr, dict(sorted(runs.items())))
                   for (loss, lr), runs in groups.items()),
                  key=lambda row: (np.nan_to_num(row.nmes.mean(), nan=np.inf),
                                   row.loss, row.lr))
    names = [row.loss for row in rows]
    against = rows[names.index(reference_of(names, reference))]
    return [row if row is against else _compared(row, against) for row in rows]


def reference_of(names: Sequence[str], reference: str | None) -> str:
    """The loss that others are compared with.

    Args:
        names: The losses of a study, best first.
        reference: See :func:`make_rows`.

    Raises:
        ValueError: If the reference is not among the losses.
    """
    if reference is None:
        reference = DEFAULT_REFERENCE if DEFAULT_REFERENCE in names else names[0]
    if reference not in names:
        raise ValueError(f'reference must be one of {sorted(set(names))}, got '
                         f'{reference!r}')
    return reference


def _compared(row: Row, reference: Row) -> Row:
    seeds = sorted(set(row.runs) & set(reference.runs))
    if not seeds:
        return row
    ours, theirs = (np.stack([each.runs[seed].errors for seed in seeds], axis=1)
                    for each in (row, reference))
    difference, = paired_differences(ours[:, None], theirs[:, None])
    better = sum(row.runs[seed].nme < reference.runs[seed].nme for seed in seeds)
    return replace(row, difference=difference, better=(better, len(seeds)))


def write_tables(results: Sequence[Result], out: str | Path,
                 reference: str | None = None) -> list[Path]:
    """Write the table as Markdown, and its two pictures.

    Args:
        results: What :func:`.read_results` read.
        out: Path of the Markdown file; the pictures are ``STEM_ced.png`` and
            ``STEM_curves.png`` beside it.
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
    paths = [out, Path(f'{stem}_ced.png'), Path(f'{stem}_curves.png')]
    first = next(iter(rows[0].runs.values()))
    several = len({row.loss for row in rows}) < len(rows)
    named = {f'{row.loss}, lr {row.lr:g}' if several else row.loss: row for row in rows}
    with replace_files(*paths) as (table, ced, curves):
        draw_ced({name: row.errors.ravel() for name, row in named.items()}, ced,
                 first.threshold, first.record.normalizers[0])
        draw_learning_curves(
            {name: [run.curve for run in row.runs.values()]
             for name, row in named.items()}, curves, first.record.normalizers[0],
            'epoch' if first.training.epochs else 'iteration')
        table.write_text(_markdown(results, rows, stem, reference_of(
            [row.loss for row in rows], reference)), encoding='utf-8')
    return paths


def _sd(values: np.ndarray) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else math.nan


def _markdown(results: Sequence[Result], rows: Sequence[Row], stem: Path,
              reference: str) -> str:
    first = next(iter(rows[0].runs.values()))
    seeds = sorted({seed for row in rows for seed in row.runs})
    named = f'{", ".join(map(str, seeds))}{_some_lack(rows)}'
    faces = len(usable_errors(first.errors))
    length = ' or '.join(dict.fromkeys(
        _length(run) for row in rows for run in row.runs.values()))
    normalizer = first.record.normalizers[0].replace('_', '-')
    source = first.record.provenance
    lines = [
        f'# Compared on `{source.config}`', '',
        f'{first.note.rstrip(". ") + ". " if first.note else ""}{length}, '
        f'{"one seed" if len(seeds) == 1 else f"{len(seeds)} seeds"} '
        f'({named}), {faces} faces of validation, NME in % of {normalizer}.', '',
        *_main_table(rows, first.threshold, reference), '',
        f'NME: mean over seeds{" ± standard deviation" if len(seeds) > 1 else ""}, '
        'and in brackets the 95 % interval. Difference: NME less that of '
        f'`{reference}` on the same faces and seeds, in percentage points, with the '
        'paired 95 % bootstrap interval (1000 draws of faces'
        + ('' if len(seeds) == 1 else ' and of seeds')
        + ('; of one seed, so that what another seed would give is not in it'
           if len(seeds) == 1 else '; where there is one seed, what another would give '
           'is not in it' if any(len(row.runs) == 1 for row in rows) else '')
        + ').', '',
        *_explanations(rows), *_learning_rates(results),
        f'![Cumulative error]({stem.name}_ced.png)', '',
        f'![Learning curves]({stem.name}_curves.png)', '',
        '## How it was made', '', *_order_of_data(rows), '', '```', *_commands(
            results, rows, stem, reference), '```', '',
        f'From `{stem.name}.jsonl` alone: `python tools/compare_losses.py '
        f'--table-only --reference {shlex.quote(reference)} --out {stem.name}.md`. '
        + 'Versions: ' + ', '.join(f'{name} {number}' for name, number
                                   in source.versions.items()) + '.', '']
    return '\n'.join(lines)


def _length(run: Result) -> str:
    training = run.training
    return (f'{training.epochs} epochs' if training.epochs
            else f'{training.iters} iterations')


def _main_table(rows: Sequence[Row], threshold: float, reference: str) -> list[str]:
    # Columns that would say the same in each row are left out.
    heads = len({row.head for row in rows}) > 1
    # A config that names its own loss has no unit here, which is no other unit.
    units = len({row.unit or 'pixels' for row in rows}) > 1
    seeds = bool(_some_lack(rows))
    titles = ['', *['head'] * heads, *['unit'] * units, 'lr', *['seeds'] * seeds,
              'NME %', f'FR@{threshold:g} %', f'AUC@{threshold:g}',
              f'difference to {reference}', 'CPU s a run']
    lines = [_line(titles), '|' + '---|' * len(titles)]
    for row in rows:
        sd = f' ± {100 * _sd(row.nmes):.2f}' if len(row.runs) > 1 else ''
        low, high = (100 * end for end in row.nme_interval)
        lines.append(_line([
            row.loss if row.variant.label else f'`{row.loss}`',
            *[row.head] * heads, *[row.unit] * units, f'{row.lr:g}',
            *[', '.join(map(str, row.runs))] * seeds,
            f'{100 * row.nmes.mean():.2f}{sd} [{low:.2f}, {high:.2f}]',
            f'{100 * row.mean_over_seeds(failure_rate):.1f}',
            f'{row.mean_over_seeds(auc):.3f}',
            difference_text(row), f'{row.cpu_seconds:.0f}']))
    return lines


def _some_lack(rows: Sequence[Row]) -> str:
    """What to add to a list of seeds that some of the losses did not run with."""
    return ('; some losses with fewer'
            if len({tuple(row.runs) for row in rows}) > 1 else '')


def _line(cells: Sequence[str]) -> str:
    return f'| {" | ".join(cells)} |'


def difference_text(row: Row) -> str:
    """The difference to the reference in percentage points, with its interval."""
    if not row.difference:
        return '–'
    mean, low, high = (100 * value for value in astuple(row.difference))
    text = f'{mean:+.2f} [{low:+.2f}, {high:+.2f}]'
    if len(row.runs) > 1:
        text += f', better in {row.better[0]} of {row.better[1]} seeds'
    return text


def _explanations(rows: Sequence[Row]) -> list[str]:
    variants = [row.variant for row in rows]
    lines = []
    for variant in variants:
        if variant.words:
            lines.append(f'- {variant.label}: `{shlex.join(variant.words)}`')
    if lines:
        lines = ['What differs from the config:', '', *lines, '']
    if any(variant.head == 'stock' for variant in variants):
        lines += [
            "MMPose's stock head is its `RegressionHead`: one linear layer on the "
            "backbone's features, normal weights (0.01) and bias 0, no mean shape, no "
            "hidden layer. The config's head may have those, so rows of different "
            'heads differ in more than the loss.', '']
    if any(variant.origin == 'mmpose' for variant in variants):
        lines += [
            "`mmpose:` is MMPose's own class with its own defaults and, as in MMPose's "
            'configs, `use_target_weight=True`; on coordinates it sees them normalised '
            "by the input size. Without `mmpose:` the class is mmwing's.", '']
    return lines


def _learning_rates(results: Sequence[Result]) -> list[str]:
    groups = tunings(results)
    lines = [line for tuned in groups for line in _tuning(tuned)]
    return ['## Learning rates', '', *lines] if lines else []


def _tuning(tuned: Sequence[Result]) -> list[str]:
    """How one tuning went, see :func:`.tunings`."""
    lrs = sorted({result.lr for result in tuned})
    chosen = choose_lrs(tuned)
    tried: dict[str, dict[float, float]] = defaultdict(dict)
    for result in tuned:
        tried[result.loss][result.lr] = result.nme
    lines = [f'Chosen by the NME after {_length(tuned[0])} with seed '
             f'{tuned[0].seed} on {len(tuned[0].errors)} faces'
             + (' (' + ', '.join(f'`{key}={value}`' for key, value in
                                 tuned[0].options.items()) + ')'
                if tuned[0].options else '') + ':', '',
             '| loss | ' + ' | '.join(f'{lr:g}' for lr in lrs) + ' |',
             '|---|' + '---|' * len(lrs)]
    for loss, lr in sorted(chosen.items()):
        cells = [f'{100 * tried[loss][each]:.2f}' if each in tried[loss] else '–'
                 for each in lrs]
        cells = [f'**{cell}**' if each == lr else cell
                 for cell, each in zip(cells, lrs, strict=True)]
        lines.append(f'| `{loss}` | ' + ' | '.join(cells) + ' |')
    at_end = [loss for loss, lr in chosen.items()
              if len(tried[loss]) > 1 and lr in (min(tried[loss]), max(tried[loss]))]
    if at_end:
        lines += ['', 'At the end of the range that was tried, so that a better one '
                  'may lie beyond: ' + ', '.join(f'`{loss}`' for loss in
                                                sorted(at_end)) + '.']
    return [*lines, '']


def _order_of_data(rows: Sequence[Row]) -> list[str]:
    """Say whether runs of a seed saw the same batches, as far as it was checked."""
    seen: dict[int, dict[str, tuple]] = defaultdict(dict)
    for row in rows:
        for seed, run in row.runs.items():
            seen[seed][f'{row.loss} (lr {row.lr:g})'] = tuple(run.training.batches)
    odd: dict[str, None] = {}
    unknown = {name for runs in seen.values() for name, batches in runs.items()
               if not batches or None in batches}
    for runs in seen.values():
        usual = Counter(runs.values()).most_common(1)[0][0]
        odd.update(dict.fromkeys(name for name, batches in runs.items()
                                 if batches != usual or name in unknown))
    if len(odd) == len(rows) and odd.keys() <= unknown:
        return ['Whether the runs saw the same training pictures is not known: there '
                'is no checksum of some of their batches.']
    if len(odd) == len(rows):
        return ['**The runs did not see the same training pictures**: their '
                'checksums differ.']
    what = 'training pictures'
    if any(checksum.startswith(BEFORE_DEVICE) for runs in seen.values()
           for name, batches in runs.items() if name not in odd
           for checksum in batches):
        what += ', before the device augments them,'
    if not odd:
        return [f'All runs of a seed saw the same {what} in the same order '
                '(checksums of all batches agree).']
    return ['The checksums of all batches show that the runs of a seed saw the same '
            f'{what} in the same order, except for: ' + ', '.join(odd) + '.']


def _commands(results: Sequence[Result], rows: Sequence[Row], stem: Path,
              reference: str) -> list[str]:
    """The commands that make these results.

    One is enough where each loss ran with one learning rate and all with the same
    seeds. Otherwise the next ones go on with the file of the first.
    """
    groups = tunings(results)
    chosen = [choose_lrs(tuned) for tuned in groups]
    # One command makes what one tuning chose. It tunes with the first of its seeds.
    together: dict[tuple, list[Row]] = defaultdict(list)
    rates: Counter[str] = Counter()
    for row in rows:
        by = next((index for index, tuned in enumerate(groups)
                   if chosen[index].get(row.loss) == row.lr
                   and tuned[0].seed in row.runs), None)
        together[tuple(row.runs), by, rates[row.loss] if by is None else 0].append(row)
        rates[row.loss] += by is None
    # A table cannot be made before its reference has run.
    ordered = sorted(together.items(), key=lambda item: all(
        row.loss != reference for row in item[1]))
    return [line for (_, by, _), rows in ordered for line in _command(
        rows, [] if by is None else groups[by], stem, reference)]


def _command(rows: Sequence[Row], tuned: Sequence[Result], stem: Path,
             reference: str) -> list[str]:
    """The command that makes the results of losses with one learning rate each.

    Args:
        rows: The losses and variants.
        tuned: The runs that chose their learning rates, if any did.
        stem: Of the files.
        reference: What the others are compared with.
    """
    # In the order in which learning rates belong to them: losses, then variants.
    rows = sorted(rows, key=lambda row: bool(row.variant.label))
    first = next(iter(rows[0].runs.values()))
    seeds = sorted(rows[0].runs, key=lambda seed: bool(tuned)
                   and seed != tuned[0].seed)
    parts = [f'python tools/compare_losses.py {first.record.provenance.config}']
    plain = [row.loss for row in rows if not row.variant.label]
    if plain:
        parts.append('--losses ' + shlex.join(plain))
    parts += ['--variant ' + shlex.join([row.loss, *row.variant.words])
              for row in rows if row.variant.label]
    parts += [f'--reference {shlex.quote(reference)}',
              '--seeds ' + ' '.join(map(str, seeds))]
    if first.training.epochs:
        parts.append(f'--epochs {first.training.epochs}')
    elif first.training.iters:
        parts.append(f'--iters {first.training.iters}')
    if first.options:
        parts.append('--cfg-options ' + _options(first.options))
    if tuned:
        lrs = sorted({result.lr for result in tuned})
        parts += ['--tune-lrs ' + ' '.join(f'{lr:g}' for lr in lrs),
                  (f'--tune-epochs {tuned[0].training.epochs}'
                   if tuned[0].training.epochs else
                   f'--tune-iters {tuned[0].training.iters}')]
        own = {key: value for key, value in tuned[0].options.items()
               if first.options.get(key) != value}
        if own:
            parts.append('--tune-options ' + _options(own))
    else:
        parts.append('--lrs ' + ' '.join(f'{row.lr:g}' for row in rows))
    if first.note:
        parts.append('--note ' + shlex.quote(first.note))
    parts.append(f'--out {stem.name}.md')
    return [*(f'{part} \\' for part in parts[:1]),
            *(f'    {part} \\' for part in parts[1:-1]), f'    {parts[-1]}']


def _options(options: Mapping) -> str:
    return ' '.join(shlex.quote(f'{key}={value}') for key, value in options.items())
