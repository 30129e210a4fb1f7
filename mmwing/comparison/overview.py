"""Table and picture of several studies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from pathlib import Path

from mmwing.files import write_text
from mmwing.visualization.differences import draw_differences

from .results import Result
from .tables import Row, difference_text, make_rows


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
    # The best learning rate of a loss comes last here, and stays.
    compared = {name: {row.loss: astuple(row.difference) for row in reversed(rows)
                       if row.difference}
                for name, rows in tables.items()}
    if any(compared.values()):
        picture = out.with_name(f'{out.stem}_differences.png')
        names = {row.loss for rows in tables.values() for row in rows
                 if not row.difference}
        draw_differences(compared, picture, ' or '.join(sorted(names)))
        text += f'\n![Differences]({picture.name})\n'
    write_text(out, text)


def _markdown(tables: Mapping[str, Sequence[Row]]) -> str:
    losses = list(dict.fromkeys(row.loss for rows in tables.values() for row in rows))
    lines = ['| study | seeds | ' + ' | '.join(losses) + ' |',
             '|---|---|' + '---|' * len(losses)]
    for name, rows in tables.items():
        # The best learning rate of a loss: rows come best first.
        cells: dict[str, str] = {}
        for row in rows:
            text = f'{100 * row.nmes.mean():.2f}'
            if row.difference:
                text += f' ({difference_text(row)})'
            cells.setdefault(row.loss, text)
        seeds = len({seed for row in rows for seed in row.runs})
        lines.append(f'| {name} | {seeds} | '
                     + ' | '.join(cells.get(loss, '–') for loss in losses) + ' |')
    return '\n'.join([
        *lines, '',
        'NME in %, mean over seeds; in brackets the difference to the reference of the '
        'same study (the column without brackets) on the same faces and seeds, in '
        'percentage points, with the paired 95 % bootstrap interval over faces '
        'and seeds.', ''])
