"""Split the results of a study by head pose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from mmengine.dataset import BaseDataset

from mmwing.evaluation.baselines import annotated_faces
from mmwing.evaluation.pose_groups import faces_by_pose

from .results import Result


def split_by_pose(results: Sequence[Result], dataset: BaseDataset,
                  shares: Sequence[float] = (0.5, 0.9)) -> dict[str, list[Result]]:
    """Restrict final results to faces that are turned by little, more, and most.

    Args:
        results: Results, of which the final ones count.
        dataset: The data set that they were validated on.
        shares: As in :func:`.faces_by_pose`.

    Returns:
        Name of a group to its results, from the least turned group on, see
        :func:`.faces_by_pose`.

    Raises:
        ValueError: If the shares do not rise between 0 and 1, a group is empty, or the
            results are of other faces.
    """
    groups = faces_by_pose(dataset, shares)
    results = [result for result in results if result.stage == 'final']
    digest = annotated_faces(dataset).digest
    for result in results:
        if result.record.digest != digest:
            raise ValueError(
                f'the result of {result.loss}, seed {result.seed}, is of other faces '
                f'than the {len(dataset)} of the validation set: give the config that '
                'the results were made with, or its data')
    return {
        f'{name} ({len(faces)} faces)': [
            replace(result, record=result.record.of_subset(
                np.isin(result.record.names, faces))) for result in results]
        for name, faces in groups.items()}
