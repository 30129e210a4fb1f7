"""Draw the mean error of each landmark on the mean face."""

from pathlib import Path

import numpy as np
from matplotlib.patheffects import withStroke

from .figure import figure_file
from .labels import free_directions

_NUM_LABELLED = 5
_LABEL_GAP = 8  # points, from the edge of a mark to the middle of its number


def draw_error_map(mean_face: np.ndarray, errors: np.ndarray, path: str | Path,
                   normalizer: str = 'inter_ocular') -> None:
    """Draw each landmark at its place in the mean face, coloured by its error.

    The colours span the errors that occur: the darkest landmark is the hardest one. The
    five hardest are numbered (0-based, as in the annotation).

    Args:
        mean_face: Landmarks (K, 2), any unit, y downwards; NaN is not drawn.
        errors: Mean error of each landmark (K,), fractions of the normaliser.
        path: Where the picture goes; its suffix names the format.
        normalizer: Name of the normaliser, for the caption.

    Raises:
        ValueError: When the shapes do not agree, or there is nothing to draw.
    """
    mean_face, errors = np.asarray(mean_face), np.asarray(errors)
    if mean_face.shape != (len(errors), 2):
        raise ValueError(f'mean_face must have the shape ({len(errors)}, 2), one row '
                         f'for each error, got {mean_face.shape}')
    drawn = np.isfinite(mean_face).all(1) & np.isfinite(errors)
    if not drawn.any():
        raise ValueError('no landmark has a finite error: there is nothing to draw')
    x, y = mean_face[drawn].T
    values = 100 * errors[drawn]
    # Many landmarks lie close together.
    area = min(400., 6000 / drawn.sum())
    low, high = _limits(values)
    with figure_file(path, height=4.5) as figure:
        axes = figure.add_subplot()
        marks = axes.scatter(x, y, s=area, c=values, cmap='viridis_r',
                             vmin=low, vmax=high, edgecolors='#444444', linewidths=0.6)
        figure.colorbar(marks, label=f'NME, % of {normalizer.replace("_", "-")}')
        indices = np.flatnonzero(drawn)
        hardest = np.argsort(values)[::-1][:_NUM_LABELLED]
        offsets = free_directions(mean_face[drawn]) * (area**0.5 / 2 + _LABEL_GAP)
        for place in hardest:
            # The axis of y points down, offsets point up.
            axes.annotate(f'{indices[place]}', (x[place], y[place]),
                          offsets[place] * (1, -1), textcoords='offset points',
                          ha='center', va='center', fontsize=10, weight='bold',
                          path_effects=[withStroke(linewidth=3, foreground='white')])
        axes.set(aspect='equal', xticks=[], yticks=[],
                 title='Mean error of each landmark on the mean face')
        axes.margins(0.12)
        axes.invert_yaxis()
        axes.spines[:].set_visible(False)


def _limits(values: np.ndarray) -> tuple[float, float]:
    """Range of the colours: that of the errors, a little wider where all are equal."""
    low, high = float(values.min()), float(values.max())
    margin = max(0., max(0.01 * high, 0.01) - (high - low)) / 2
    return max(0., low - margin), high + margin
