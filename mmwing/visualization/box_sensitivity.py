"""Draw NME against the error of the face box."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from .figure import figure_file, legend_below


def draw_box_sensitivity(levels: Sequence[float],
                         curves: Mapping[str, Sequence[float]],
                         path: str | Path) -> None:
    """Draw one curve for each figure, over the levels of box error.

    Args:
        levels: Standard deviations of the box, fractions of its side.
        curves: Name of a figure to its value at each level, fractions.
        path: Where the picture goes; its suffix names the format.

    Raises:
        ValueError: When there is no curve, or one has another length.
    """
    if not curves:
        raise ValueError('curves is empty: there is no NME to draw; does the test '
                         'evaluator have a mmwing.FaceAlignmentMetric?')
    for name, values in curves.items():
        if len(values) != len(levels):
            raise ValueError(f'curve {name!r} has {len(values)} values for '
                             f'{len(levels)} levels')
    order = np.argsort(levels)
    with figure_file(path) as figure:
        axes = figure.add_subplot()
        for name, values in curves.items():
            axes.plot(100 * np.asarray(levels)[order], 100 * np.asarray(values)[order],
                      marker='o', label=name)
        axes.set(xlabel='standard deviation of the box, % of its side', ylabel='NME, %',
                 title='Sensitivity to the face box')
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
        legend_below(figure, axes)
