"""Read numbers from text files and JSON, strictly."""

from __future__ import annotations

from collections.abc import Sequence
from reprlib import Repr
from typing import TypeGuard

# A list of YAML may hold itself, or stand for billions of entries in a few lines.
_SHORT = Repr()
_SHORT.maxlevel = 2
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 60


def short(value: object) -> str:
    """What a file holds, shortened for a message."""
    text = _SHORT.repr(value)
    return text if len(text) <= 100 else f'{text[:97]}...'


def are_numbers(values: object) -> TypeGuard[Sequence[float]]:
    """Whether a value of a JSON file is a flat list of numbers; ``true`` is none."""
    return isinstance(values, (list, tuple)) and {*map(type, values)} <= {int, float}


def is_key(value: object) -> TypeGuard[int | str]:
    """Whether a value of a JSON file is a whole number or text; ``true`` is neither."""
    return type(value) in (int, str)


def parse_number(text: str) -> float:
    """Read a decimal number, ``nan`` or ``inf``.

    Raises:
        ValueError: It is something else; the message quotes it.
    """
    # float() also takes 1_000, and the digits of all scripts.
    if '_' not in text and text.isascii():
        try:
            return float(text)
        except ValueError:
            pass
    raise ValueError(f'{text[:40]!r} is not a number')
