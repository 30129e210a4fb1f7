"""Draw the cumulative error distribution (CED) of one or several runs."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mmwing.evaluation.functional import auc, ced, failure_rate, usable_errors

from .figure import figure_file, legend_below


def draw_ced(runs: Mapping[str, np.ndarray], path: str | Path,
             threshold: float = 0.1, normalizer: str = 'inter_ocular') -> None:
    """Draw the CED of each run, with its AUC and FR at the threshold.

    Args:
        runs: Name of a run to its faces' errors (N,), fractions; NaN for unusable
            faces.
        path: Where the picture goes; its suffix names the format (png, svg, pdf).
        threshold: Where the axis ends, a fraction.
        normalizer: Name of the normaliser, for the axis.

    Raises:
        ValueError: When there is no run, or a run without a usable face.
    """
    if not runs:
        raise ValueError('runs is empty: there is no error distribution to draw')
    usable = {name: usable_errors(errors) for name, errors in runs.items()}
    for name, errors in usable.items():
        if not len(errors):
            raise ValueError(f'run {name!r} has no usable face')
    limit = 100 * threshold
    with figure_file(path) as figure:
        axes = figure.add_subplot()
        for name, errors in usable.items():
            steps, share = ced(errors)
            x = np.concatenate([[0], steps, [max(threshold, steps.max(initial=0))]])
            y = np.concatenate([[0], share, share[-1:] if len(share) else [0]])
            # No line of the legend begins between a figure and its unit.
            label = (f'{name}: AUC\u00a0{auc(errors, thr=threshold):.3f}, '
                     f'FR\u00a0{100 * failure_rate(errors, thr=threshold):.1f}\u00a0%')
            if errors.min() > threshold:
                label += f', all above {limit:g} %'
            axes.step(100 * x, 100 * y, where='post', label=label, linewidth=1.6)
        axes.set(xlim=(0, limit), ylim=(0, 102),
                 xlabel=f'NME, % of {normalizer.replace("_", "-")}', ylabel='faces, %',
                 title=f'Cumulative error distribution up to {limit:g} %')
        axes.grid(alpha=0.3)
        if all(errors.min() > threshold for errors in usable.values()):
            axes.text(
                0.5, 0.5, f'All errors are above {limit:g} %, where the axis ends',
                transform=axes.transAxes, ha='center', va='center')
        legend_below(figure, axes)
