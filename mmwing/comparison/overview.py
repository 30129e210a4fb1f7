"""Table and picture of several studies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from pathlib import Path

from mmwing.files import write_text
from mmwing.visualization.differences import draw_differences

from .results import Result
from .tables import Row, difference_text, make_rows, reference_of


def write_overview(studies: Mapping[str, Sequence[Result]], out: str | Path,
                   reference: str | None = None) -> None:
    """Write one line for each study: its losses' NME, and how far from the reference.

    Each study is compared within itself, with the same paired intervals as in its own
    table; figures of different studies need not be of the same faces or length.
    The differences are drawn, too, as ``STEM_differences.png`` beside the table.

    Args:
        studies: Name to the results of a study.
        out: Path of the Markdown file.
        reference: See :func:`.make_rows`.

    Raises:
        ValueError: If a study has no final result, or lacks the reference.
    """
    out = Path(out)
    if out.suffix != '.md':
        raise ValueError(f'out must end in .md, got {str(out)!r}')
    tables: dict[str, list[Row]] = {}
    for name, results in studies.items():
        try:
            tables[name] = make_rows(results, reference)
        except ValueError as error:
            raise ValueError(f'study {name!r}: {error}') from error
    text = _markdown(tables)
    compared = {name: {loss: astuple(row.difference)
                       for loss, row in _at_best_rate(rows).items() if row.difference}
                for name, rows in tables.items()}
    if any(compared.values()):
        picture = out.with_name(f'{out.stem}_differences.png')
        references = {reference_of([row.loss for row in rows], reference)
                      for rows in tables.values()}
        draw_differences(compared, picture, ' or '.join(sorted(references)))
        text += f'\n![Differences]({picture.name})\n'
    write_text(out, text)


def _at_best_rate(rows: Sequence[Row]) -> dict[str, Row]:
    """Each loss at its best learning rate; rows come best first."""
    return {row.loss: row for row in reversed(rows)}


def _markdown(tables: Mapping[str, Sequence[Row]]) -> str:
    losses = list(dict.fromkeys(row.loss for rows in tables.values() for row in rows))
    notes = dict.fromkeys(run.note for rows in tables.values() for row in rows
                          for run in row.runs.values() if run.note)
    lines = ['# Studies side by side', '', *[f'{note}\n' for note in notes],
             '| study | seeds | ' + ' | '.join(losses) + ' |',
             '|---|---|' + '---|' * len(losses)]
    for name, rows in tables.items():
        cells = {}
        for loss, row in _at_best_rate(rows).items():
            cells[loss] = f'{100 * row.nmes.mean():.2f}'
            if row.difference:
                cells[loss] += f' ({difference_text(row)})'
        seeds = len({seed for row in rows for seed in row.runs})
        lines.append(f'| {name} | {seeds} | '
                     + ' | '.join(cells.get(loss, '–') for loss in losses) + ' |')
    return '\n'.join([
        *lines, '',
        'NME in %, mean over seeds; in brackets the difference to the reference of the '
        'same study (the column without brackets) on the same faces and seeds, in '
        'percentage points, with the paired 95 % bootstrap interval over faces '
        'and seeds.', ''])
