"""Read the entries of files of boxes, strictly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from mmwing.files import printable

from .categories import chosen_category
from .coco_json import LARGEST_COORDINATE, checked_box, crowds_text
from .numbers import is_key, short
from .problems import Kind, Problem, ProblemLog


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


def face_entries(content: object, name: str, path: str, log: ProblemLog, *,
                 categories: object = None, category: str | None = None
                 ) -> Iterator[tuple[str, dict]]:
    """The entries of a list that are faces, by the rules for annotations.

    Args:
        content: What should be a list of dicts.
        name: What the list is called.
        path: What messages call the file.
        log: Takes notes of what is left out: other categories than that of the faces,
            and crowds.
        categories: The list of the file that names categories; None if there is none.
        category: Name of the category of the faces, see
            :func:`.categories.chosen_category`.

    Raises:
        CategoryError: Which category has the faces is not clear.
        ValueError: The list or an entry is something else.
    """
    all_entries = list(entries(content, name))
    for where, entry in all_entries:
        if entry.get('category_id') is not None:
            entry_key(entry, 'category_id', where)
    chosen = chosen_category([entry for _, entry in all_entries], categories, path,
                             category, log)
    crowds = []
    for where, entry in all_entries:
        if chosen is not None and entry.get('category_id') != chosen:
            continue
        if entry.get('iscrowd'):
            crowds.append(where)
        else:
            yield where, entry
    if crowds:
        log.note(Problem(Kind.CROWD, printable(path),
                         crowds_text(len(crowds), crowds[0], out_of='')))


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
