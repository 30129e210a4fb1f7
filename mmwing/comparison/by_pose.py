"""Split the results of a study by head pose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from mmengine.dataset import BaseDataset

from mmwing.datasets.wrappers import PoseBalancedDataset
from mmwing.evaluation.baselines import annotated_faces

from .results import Result


def split_by_pose(results: Sequence[Result], dataset: BaseDataset,
                  shares: Sequence[float] = (0.5, 0.9)) -> dict[str, list[Result]]:
    """Restrict final results to faces that are turned by little, more, and most.

    How far a face is turned is what :class:`.PoseBalancedDataset` balances: its place
    along the mode of its data set that carries yaw, without sign.

    Args:
        results: Results, of which the final ones count.
        dataset: The data set that they were validated on.
        shares: Where a group ends and the next begins, as shares of the faces, from
            the least turned on.

    Returns:
        Name of a group to its results, from the least turned group on. Faces without a
        pose (fewer than three annotated points) are in none.

    Raises:
        ValueError: If the shares do not rise between 0 and 1, a group is empty, or the
            results are of other faces.
    """
    edges = [0., *shares, 1.]
    if not shares or any(a >= b for a, b in pairwise(edges)):
        raise ValueError(f'shares must rise between 0 and 1, got {list(shares)}')
    validated = annotated_faces(dataset)
    results = [result for result in results if result.stage == 'final']
    for result in results:
        if result.record.digest != validated.digest:
            raise ValueError(
                f'the result of {result.loss}, seed {result.seed}, is of other faces '
                f'than the {len(dataset)} of the validation set: give the config that '
                'the results were made with, or its data')
    pose = PoseBalancedDataset(dataset).pose
    order = np.argsort(pose, kind='stable')[:np.isfinite(pose).sum()]  # NaN is last
    ends = np.round(np.multiply(edges, len(order))).astype(int)
    groups = {}
    for i, (begin, end) in enumerate(pairwise(ends)):
        if begin == end:
            raise ValueError(f'shares {list(shares)}: no face of {len(order)} lies '
                             f'between {edges[i]:g} and {edges[i + 1]:g}')
        chosen = {validated.names[index] for index in order[begin:end]}
        name = (f'{100 * edges[i]:g} to {100 * edges[i + 1]:g} % by yaw '
                f'({end - begin} faces)')
        groups[name] = [replace(result, record=result.record.of_subset(np.array(
            [face in chosen for face in result.record.names]))) for result in results]
    return groups
