"""Group the faces of a data set by how far they are turned."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from mmengine.dataset import BaseDataset

from mmwing.datasets.wrappers import PoseBalancedDataset

from .baselines import annotated_faces


def faces_by_pose(dataset: BaseDataset,
                  shares: Sequence[float] = (0.5, 0.9)) -> dict[str, list[str]]:
    """Names of the faces that are turned by little, more, and most.

    How far a face is turned is what :class:`.PoseBalancedDataset` balances: its place
    along the mode of its data set that carries yaw, without sign.

    Args:
        dataset: A top-down data set, one face a sample.
        shares: Where a group ends and the next begins, as shares of the faces, from
            the least turned on.

    Returns:
        Name of a group, such as ``'0 to 50 % by yaw'``, to names of faces as a
        :class:`.RunRecord` has them, from the least turned group on. Faces without a
        pose (fewer than three annotated points) are in none.

    Raises:
        ValueError: If the shares do not rise between 0 and 1, or a group is empty.
    """
    edges = [0., *shares, 1.]
    if not shares or any(a >= b for a, b in pairwise(edges)):
        raise ValueError(f'shares must rise between 0 and 1, got {list(shares)}')
    names = annotated_faces(dataset).names
    pose = PoseBalancedDataset(dataset).pose
    order = np.argsort(pose, kind='stable')[:np.isfinite(pose).sum()]  # NaN is last
    ends = np.round(np.multiply(edges, len(order))).astype(int)
    groups = {}
    for i, (begin, end) in enumerate(pairwise(ends)):
        if begin == end:
            raise ValueError(f'shares {list(shares)}: no face of {len(order)} lies '
                             f'between {edges[i]:g} and {edges[i + 1]:g}')
        groups[f'{100 * edges[i]:g} to {100 * edges[i + 1]:g} % by yaw'] = [
            names[index] for index in order[begin:end]]
    return groups
