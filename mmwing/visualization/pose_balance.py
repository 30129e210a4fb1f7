"""Draw the histogram of head poses before and after balancing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mmwing.images import read_image

from .face_sheet import draw_face
from .figure import figure_file

_TILE_SIZE = 128


def draw_pose_balance(balanced: Any, path: str | Path,
                      faces_per_bin: int = 3) -> None:
    """Draw the histogram of the poses with example faces under each bin.

    The examples of a bin are spread evenly over its samples, in the order of pose:
    the one nearest to the bin's lower edge on top.

    Args:
        balanced: A :class:`mmwing.PoseBalancedDataset`; initialised if it is not yet.
        path: Where the picture goes; its suffix names the format (png, svg, pdf).
        faces_per_bin: Rows of example faces, at least 0.

    Raises:
        ValueError: When the image of an example cannot be read, see
            :func:`mmwing.images.read_image`.
    """
    balanced.full_init()
    num_bins, edges = balanced.num_bins, balanced.bin_edges
    posed = balanced.bins >= 0
    before = np.bincount(balanced.bins[posed], minlength=num_bins)
    after = np.bincount(balanced.bins[posed], weights=balanced.repeats[posed],
                        minlength=num_bins).astype(int)

    figure_width = max(5., 1.2 * num_bins)
    row = figure_width / num_bins  # faces are squares
    figure_height = 3.4 + row * faces_per_bin
    with figure_file(path, figure_width, figure_height, dpi=100,
                     layout=None) as figure:
        grid = figure.add_gridspec(
            1 + faces_per_bin, num_bins, height_ratios=[2.6] + [row] * faces_per_bin,
            left=0.7 / figure_width, right=1 - 0.2 / figure_width,
            top=1 - 0.7 / figure_height, bottom=0.01, wspace=0.03, hspace=0.05)
        axes = figure.add_subplot(grid[0, :])
        width = edges[1] - edges[0]
        middle = (edges[:-1] + edges[1:]) / 2
        for counts, shift, label in (
                (before, -0.2, f'before: {before.sum()}'),
                (after, 0.2, f'after: {after.sum()}')):
            bars = axes.bar(middle + shift * width, counts, 0.38 * width, label=label)
            axes.bar_label(bars, fontsize=8)
        figure.suptitle(
            f'{"Distance" if balanced.absolute else "Place"} along mode '
            f'{balanced.pose_mode} of the aligned shapes', fontsize=11)
        # Ticks above, because the faces are below.
        axes.xaxis.tick_top()
        axes.set_xticks(edges, [f'{edge:.2f}' for edge in edges], fontsize=8)
        axes.set(xlim=(edges[0], edges[-1]), ylabel='samples',
                 ylim=(0, 1.3 * max(before.max(), after.max())))
        axes.legend(loc='upper center', ncols=2, fontsize=9)

        for column in range(num_bins):
            for row, index in enumerate(_examples(balanced, column, faces_per_bin)):
                tile = figure.add_subplot(grid[1 + row, column])
                tile.imshow(_face(balanced.dataset.get_data_info(index))[..., ::-1])
                tile.set_axis_off()


def _examples(balanced: Any, column: int, count: int) -> np.ndarray:
    """Indices in the wrapped data set of up to ``count`` samples of a bin."""
    members = np.flatnonzero(balanced.bins == column)
    members = members[np.argsort(balanced.pose[members], kind='stable')]
    picks = np.linspace(0, len(members) - 1, min(count, len(members)))
    return members[picks.round().astype(int)]


def _face(info: dict) -> np.ndarray:
    """Tile (h, w, 3), BGR, of a sample with its landmarks."""
    image = info.get('img')
    if image is None:
        image = read_image(info['img_path'])
    visible = info.get('keypoints_visible', np.ones(info['keypoints'].shape[:2]))
    visible = visible.reshape(*info['keypoints'].shape[:2], -1)[0, :, :1]
    landmarks = np.where(visible > 0, info['keypoints'][0, :, :2], np.nan)
    return draw_face(image, landmarks, size=_TILE_SIZE)
