"""See that MMEngine's argument ``indices`` leaves a data set some samples."""

from __future__ import annotations

from collections.abc import Sequence

from mmwing.arguments import is_whole


def check_indices(indices: int | Sequence[int] | None) -> None:
    """See that ``indices`` is a number of samples, or a list of some.

    Args:
        indices: The first samples, the last ones where it is negative, or those of a
            list; None is all.

    Raises:
        TypeError: It is something else.
        ValueError: It leaves no sample.
    """
    if indices is None:
        return
    numbers = indices if isinstance(indices, Sequence) else [indices]
    if not all(is_whole(each, -2**31) for each in numbers):
        raise TypeError('indices must be a number of samples or a list of whole '
                        f'numbers, got {indices!r}')
    if not indices:
        raise ValueError(f'indices leaves no sample, got {indices!r}; None is all')
