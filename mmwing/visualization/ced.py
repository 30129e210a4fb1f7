"""Cumulative error distribution (CED) of one or several runs."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mmwing.evaluation.functional import (
    auc,
    ced,
    failure_rate,
    usable_errors,
)
from mmwing.files import replace_file


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
    figure = Figure(figsize=(6, 4.2), dpi=120, layout='constrained')
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for name, errors in runs.items():
        errors = usable_errors(errors)
        if not len(errors):
            raise ValueError(f'run {name!r} has no usable face')
        steps, share = ced(errors)
        x = np.concatenate([[0], steps, [max(threshold, steps.max(initial=0))]])
        y = np.concatenate([[0], share, share[-1:] if len(share) else [0]])
        label = (f'{name}: AUC {auc(errors, thr=threshold):.3f}, '
                 f'FR {100 * failure_rate(errors, thr=threshold):.1f} %')
        axes.step(100 * x, 100 * y, where='post', label=label, linewidth=1.6)
    axes.set(xlim=(0, 100 * threshold), ylim=(0, 100),
             xlabel=f'NME, % of {normalizer.replace("_", "-")}',
             ylabel='faces, %',
             title=f'Cumulative error distribution up to {100 * threshold:g} %')
    axes.grid(alpha=0.3)
    axes.legend(loc='lower right', fontsize=9)
    with replace_file(path) as draft:
        figure.savefig(draft)
