"""Draw a figure, such as the NME, after each epoch, of several runs."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from .figure import figure_file, legend_below


def draw_learning_curves(
        curves: Mapping[str, Sequence[Sequence[tuple[float, float]]]],
        path: str | Path, normalizer: str = 'inter_ocular',
        counted: str = 'epoch', key: str = 'NME') -> None:
    """Draw the mean over seeds, and the range of the seeds as a band.

    Args:
        curves: Name to the curves of its seeds, each (epoch, figure).
        path: Where the picture goes; its suffix names the format.
        normalizer: Name of the normaliser, for the axis of an NME.
        counted: What the length of the training is counted in.
        key: The figure, as the metric calls it. NME, FR and AUC are fractions, drawn
            in per cent; others are drawn as they are.

    Raises:
        ValueError: When there is no curve.
    """
    if not any(curves.values()):
        raise ValueError('curves is empty: there is nothing to draw')
    with figure_file(path) as figure:
        axes = figure.add_subplot()
        for name, runs in curves.items():
            # Epochs that all seeds have validated.
            epochs = sorted(set.intersection(*(
                {epoch for epoch, _ in run} for run in runs)))
            values = percent_factor(key) * np.array(
                [[dict(run)[epoch] for epoch in epochs] for run in runs])
            line, = axes.plot(epochs, values.mean(0), label=name, linewidth=1.6,
                              marker='o' if len(epochs) == 1 else None)
            axes.fill_between(epochs, values.min(0), values.max(0), alpha=0.15,
                              color=line.get_color(), linewidth=0)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        if _is_nme(key):  # the others may be 0
            axes.set_yscale('log')
            plain = FuncFormatter(lambda value, _: f'{value:g}')
            axes.yaxis.set_major_formatter(plain)
            axes.yaxis.set_minor_formatter(plain if _narrow(axes) else NullFormatter())
        axes.set(xlabel=counted, title='Validation during training')
        axes.set_ylabel(_axis_label(key, normalizer), parse_math=False)
        axes.grid(alpha=0.3, which='both')
        legend_below(figure, axes)


def percent_factor(key: str) -> int:
    """100 for a figure that is a fraction, NME, FR or AUC; 1 for any other."""
    return 100 if _name(key).startswith(('NME', 'FR@', 'AUC@')) else 1


def _name(key: str) -> str:
    """The figure of a key, without the normaliser and subset in front of it."""
    return key.rpartition('/')[2]


def _is_nme(key: str) -> bool:
    return _name(key).startswith('NME')


def _axis_label(key: str, normalizer: str) -> str:
    if _is_nme(key):
        return f'{key}, % of {normalizer.replace("_", "-")}'
    return f'{key}, %' if percent_factor(key) == 100 else key


def _narrow(axes) -> bool:
    """Whether the axis spans too little for ticks at powers of ten alone."""
    low, high = axes.get_ylim()
    return high / low < 30
