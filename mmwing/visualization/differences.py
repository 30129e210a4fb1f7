"""Draw differences to a reference, with their intervals, study by study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mmwing.files import printable

from .figure import COLORS, figure_file, legend_below

_MARKERS = 'osD'  # further names repeat the colours
_LINE = 0.2  # inches from one interval to the next
_MARGIN = 0.9  # inches for title and axis


def draw_differences(studies: Mapping[str, Mapping[str, Sequence[float]]],
                     path: str | Path, reference: str) -> None:
    """Draw a forest plot: one group of lines for each study, one line for each name.

    Args:
        studies: Name of a study, from top to bottom, to what was compared with the
            reference in it: name to mean, low and high end of the interval of the
            error less that of the reference, fractions.
        path: Where the picture goes; its suffix names the format.
        reference: Name of what the others are compared with, for the axis.

    Raises:
        ValueError: If there is no study, or nothing was compared in any.
    """
    names = list(dict.fromkeys(name for rows in studies.values() for name in rows))
    if not names:
        raise ValueError('studies must compare something with the reference, got '
                         f'{dict(studies)!r}')
    groups = {study: rows for study, rows in studies.items() if rows}
    count = sum(len(rows) + 1 for rows in groups.values())
    with figure_file(path, width=6.4, height=_MARGIN + _LINE * count) as figure:
        axes = figure.add_subplot()
        # A grid line in black; as a line of the axes it would be in the legend.
        axes.vlines(0, 0, 1, color='black', linewidth=1,
                    transform=axes.get_xaxis_transform())
        top, ticks = 0, []
        points: dict[str, list[tuple[float, ...]]] = {name: [] for name in names}
        for rows in groups.values():
            ticks.append(top + (len(rows) - 1) / 2)
            for place, (name, ends) in enumerate(rows.items(), start=top):
                points[name].append((place, *(100 * end for end in ends)))
            top += len(rows) + 1
        for index, name in enumerate(names):
            places, means, lows, highs = zip(*points[name], strict=True)
            color = COLORS[index % len(COLORS)]
            axes.hlines(places, lows, highs, color=color)
            axes.plot(means, places, _MARKERS[index // len(COLORS) % len(_MARKERS)],
                      color=color, label=name)
        axes.set_yticks(ticks, [printable(study) for study in groups])
        for label in axes.get_yticklabels():
            label.set_parse_math(False)  # a name may hold a dollar sign
        axes.set_ylim(top - 1, -1)
        axes.set_xlabel(f'NME less that of {printable(reference)}, percentage points',
                        parse_math=False)
        axes.set_title('Differences with 95 % intervals')
        axes.grid(axis='x', alpha=0.3)
        legend_below(figure, axes)
