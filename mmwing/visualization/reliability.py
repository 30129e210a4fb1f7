"""Draw expected against actual errors, and what rejecting landmarks gains."""

from pathlib import Path

import numpy as np

from .figure import COLORS, figure_file, legend_below


def draw_reliability(table: np.ndarray,
                     curves: dict[str, tuple[np.ndarray, np.ndarray]],
                     path: str | Path) -> None:
    """Draw two pictures beside each other.

    Args:
        table: Expected and actual errors of parts of the landmarks, (parts, 2), in
            pixels of the network input.
        curves: Name to shares of landmarks that are kept (M,) and their mean errors.
        path: Where the picture goes; its suffix names the format.
    """
    with figure_file(path, width=9) as figure:
        left, right = figure.subplots(1, 2)
        most = 1.1 * table.max()
        left.plot([0, most], [0, most], color='0.6')
        left.plot(table[:, 0], table[:, 1], marker='o', color=COLORS[0])
        left.set(xlabel='expected error, pixels of the input', xlim=(0, most),
                 ylabel='actual error', ylim=(0, most),
                 title='Groups of landmarks by expected error')
        left.grid(alpha=0.3)
        for name, (kept, means) in curves.items():
            # A curve of each landmark of each face has more points than a picture.
            some = np.unique(np.linspace(0, len(kept) - 1, 400).astype(int))
            right.plot(100 * kept[some], means[some], label=name)
        right.set(xlabel='landmarks kept, %', xlim=(0, 100), ylim=(0, None),
                  ylabel='their mean error, pixels of the input',
                  title='Landmarks kept, surest first')
        right.grid(alpha=0.3)
        legend_below(figure, right)
