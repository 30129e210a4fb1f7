"""Read the entries of files of boxes, strictly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from .coco_json import LARGEST_COORDINATE, checked_box
from .numbers import is_key, short


def entries(content: object, name: str) -> Iterator[tuple[str, dict]]:
    """Each entry of a list in a JSON file, and what messages call it.

    Args:
        content: What should be a list of dicts.
        name: What the list is called.

    Raises:
        ValueError: It is something else; the message names the list or the entry.
    """
    if not isinstance(content, list):
        raise ValueError(f'no list of {name}')
    for index, entry in enumerate(content):
        where = f'{name}[{index}]'
        if not isinstance(entry, dict):
            raise ValueError(f'{where} must be a dict, got {short(entry)}')
        yield where, entry


def entry_key(entry: Mapping, key: str, where: str) -> int | str:
    """What an entry is looked up by, such as its ``image_id``.

    Args:
        entry: The entry.
        key: Where in it.
        where: What messages call the entry.

    Raises:
        ValueError: It is neither a whole number nor text.
    """
    value = entry.get(key)
    if not is_key(value):
        raise ValueError(f'{where}: {key} must be a whole number or text, got '
                         f'{short(value)}')
    return value


def box_corners(box: object, where: str) -> np.ndarray:
    """Turn x, y, width, height in pixels into x1, y1, x2, y2.

    Args:
        box: What should be four numbers.
        where: What messages call the entry.

    Returns:
        np.ndarray: Shape (4,), float64.

    Raises:
        ValueError: It is something else, not finite, of a negative size, or farther
            away than any image reaches.
    """
    try:
        x, y, width, height = checked_box(box, 0)
    except ValueError as error:
        raise ValueError(f'{where}: {error}') from error
    corners = np.array([x, y, x + width, y + height])
    if not (np.abs(corners) <= LARGEST_COORDINATE).all() or min(width, height) < 0:
        raise ValueError(f'{where}: {short(box)} is no box x, y, width, height of an '
                         'image')
    return corners
