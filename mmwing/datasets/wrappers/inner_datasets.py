"""Find the data sets that another one wraps or joins."""

from __future__ import annotations

from typing import Any


def inner_datasets(dataset: Any) -> list[Any]:
    """What a wrapper (``dataset``) or a joined data set (``datasets``) reads.

    Args:
        dataset: Of MMEngine, MMPose or mmwing.

    Returns:
        Empty for one that reads annotations itself.
    """
    return [each for each in (getattr(dataset, 'dataset', None),
                              *getattr(dataset, 'datasets', ())) if each is not None]
