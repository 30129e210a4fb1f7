"""See that arguments which a config gives are what they should be.

A config may hold text, ``True`` or ``None`` where a number was meant. Python takes some
of them for numbers, and its errors about the others name no argument.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, TypeGuard

import numpy as np

#: OpenCV warps to images whose sides are smaller.
_LARGEST_SIDE = 2**15 - 1


def is_number(value: Any) -> TypeGuard[float]:
    """Whether an argument is a number that a float holds; ``True`` is none."""
    return isinstance(value, (float, np.floating)) or (
        isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        and abs(int(value)) <= sys.float_info.max)


def is_between(value: Any, low: float, high: float) -> TypeGuard[float]:
    """Whether an argument is a number in [low, high]."""
    return is_number(value) and bool(low <= value <= high)


def is_whole(value: Any, low: int, high: int = 2**31 - 1) -> TypeGuard[int]:
    """Whether an argument is a whole number, of a type of its own, in [low, high]."""
    return (isinstance(value, (int, np.integer)) and not isinstance(value, bool)
            and low <= int(value) <= high)


def is_list(value: object, length: int | None = None) -> TypeGuard[Sequence]:
    """Whether an argument is a list, tuple or array, of this length."""
    return isinstance(value, (list, tuple, np.ndarray)) and (
        length is None or len(value) == length)


def is_image_size(value: object) -> TypeGuard[Sequence[int]]:
    """Whether an argument is (w, h), two numbers of pixels."""
    return is_list(value, 2) and all(
        is_whole(side, 1, _LARGEST_SIDE) for side in value)


def check_count(name: str, value: int) -> int:
    """A number of something, of at least 1.

    Raises:
        ValueError: If it is not a whole number of at least 1.
    """
    if not is_whole(value, 1):
        raise ValueError(f'{name} must be a whole number of at least 1, got {value!r}')
    return value


def check_flags(**arguments: object) -> None:
    """Refuse what is neither ``True`` nor ``False``, such as ``'no'``, which is true.

    Raises:
        TypeError: Naming the argument and what it got.
    """
    for name, value in arguments.items():
        if not isinstance(value, (bool, np.bool_)):
            raise TypeError(f'{name} must be True or False, got {value!r}')
