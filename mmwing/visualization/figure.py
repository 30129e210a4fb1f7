"""Size, colours and legends that the figures share."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cycler import cycler
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mmwing.files import printable, replace_file

#: Distinct for colour-blind readers, too (Okabe & Ito, 2008), without the yellow, which
#: is faint on white.
COLORS = ('#0072B2', '#D55E00', '#009E73', '#CC79A7', '#000000', '#56B4E9', '#E69F00')
_STYLES = ('-', '--', ':')
# Further lines repeat the colours, dashed and then dotted.
_CYCLE = cycler(linestyle=_STYLES) * cycler(color=COLORS)
_LEGEND_SIZE = 9  # points
_PAD = 0.1  # inches


@contextmanager
def figure_file(path: str | Path, width: float = 5.0, height: float = 3.6,
                dpi: int = 144, layout: Any = 'constrained') -> Iterator[Figure]:
    """A figure to draw on, written to ``path`` when the block ends.

    Texts of the default size are legible on a phone, where a report is 400 pixels wide.

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


def legend_below(figure: Figure, axes: Axes) -> None:
    """Put the legend of ``axes`` below them, where it covers no curve.

    The figure grows by the height of the legend, so that the axes keep theirs. Two
    columns are used where the names are short, and long names are wrapped.
    """
    lines = [line for line in axes.get_lines() if line.get_label()]
    width, height = figure.get_size_inches()
    # A character of the font is 0.6 of its size wide; a handle takes six.
    limit = int(width * 72 / (0.6 * _LEGEND_SIZE)) - 6
    names = [printable(str(line.get_label())) for line in lines]
    columns = 2 if len(names) > 1 and max(map(len, names)) <= limit // 2 - 3 else 1
    legend = figure.legend(
        # Before 3.10, Matplotlib leaves out names that begin with an underscore.
        lines, [f'n{index}' for index in range(len(names))],
        loc='outside lower center', ncols=columns, fontsize=_LEGEND_SIZE,
        frameon=False)
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set_parse_math(False)  # a name may hold a dollar sign
        text.set_text(textwrap.fill(name, limit))
    extent = legend.get_window_extent()
    figure.set_size_inches(width, height + extent.height / figure.dpi + _PAD)
