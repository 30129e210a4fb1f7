"""Size, colours and legends that the figures share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cycler import cycler
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mmwing.files import replace_file

#: Distinct for colour-blind readers, too (Okabe & Ito, 2008), without the yellow, which
#: is faint on white.
COLORS = ('#0072B2', '#D55E00', '#009E73', '#CC79A7', '#000000', '#56B4E9', '#E69F00')
_STYLES = ('-', '--', ':')
# Further lines repeat the colours, dashed and then dotted.
_CYCLE = cycler(linestyle=_STYLES) * cycler(color=COLORS)
_LEGEND_ROW = 0.22  # inches


@contextmanager
def figure_file(path: str | Path, width: float = 6.0, height: float = 4.2,
                dpi: int = 120, layout: Any = 'constrained') -> Iterator[Figure]:
    """A figure to draw on, written to ``path`` when the block ends.

    Args:
        path: Where the picture goes; its suffix names the format (png, svg, pdf).
        width: In inches, legends below the axes not counted; so is the height.
        height: See there.
        dpi: Pixels of an inch.
        layout: Matplotlib's layout engine.

    Raises:
        ValueError: If the suffix names no format.
        OSError: If the file cannot be written.
    """
    with rc_context({'axes.prop_cycle': _CYCLE}):
        figure = Figure(figsize=(width, height), dpi=dpi, layout=layout)
        FigureCanvasAgg(figure)  # no window, whatever the user's backend is
        yield figure
        with replace_file(path) as draft:
            figure.savefig(draft)


def legend_below(figure: Figure, axes: Axes, **arguments: Any) -> None:
    """Put the legend of ``axes`` below them, where it covers no curve.

    The figure grows by the legend's rows, so that the axes keep their height. Two
    columns are used where the names are short.
    """
    labels = axes.get_legend_handles_labels()[1]
    columns = 2 if len(labels) > 1 and max(map(len, labels)) <= 34 else 1
    rows = -(-len(labels) // columns)
    width, height = figure.get_size_inches()
    figure.set_size_inches(width, height + 0.1 + _LEGEND_ROW * rows)
    figure.legend(*axes.get_legend_handles_labels(), loc='outside lower center',
                  ncols=columns, fontsize=9, frameon=False, **arguments)
