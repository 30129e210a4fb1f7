"""Choose the category of the faces in COCO-style files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from .numbers import is_key, short
from .problems import Kind, Problem, ProblemLog


class CategoryError(ValueError):
    """Which entries are the faces is not clear, or none of them are."""


def chosen_category(annotations: Sequence, categories: object, path: str,
                    name: str | None, log: ProblemLog) -> int | str | None:
    """The ``category_id`` of the faces; None where all annotations have the same.

    Args:
        annotations: The entries, of which those that are no dicts are passed over.
        categories: The list of the file that names categories; None if there is none.
        path: What messages call the file.
        name: Name of the category. By default ``face``, if there are several.
        log: Takes the note that annotations of other categories are left out.

    Raises:
        CategoryError: No category, or more than one, has the name.
        ValueError: ``categories`` is no list.
    """
    counts = Counter(
        annotation.get('category_id') for annotation in annotations
        if isinstance(annotation, dict)
        and (annotation.get('category_id') is None
             or is_key(annotation['category_id'])))
    entries = categories or []
    if not isinstance(entries, list):
        raise ValueError(f'{path}: categories must be a list, got {short(entries)}')
    names = {entry['id']: entry.get('name') for entry in entries
             if isinstance(entry, dict) and is_key(entry.get('id'))}
    described = ', '.join(f'{names.get(key, key)!r} ({count} annotations)'
                          for key, count in counts.most_common())
    if name is None:
        if len(counts) < 2:
            return None
        faces = [key for key in counts if str(names.get(key)).lower() == 'face']
        if len(faces) != 1:
            way = ("Name it: category='…' of the data set, --category of the tools"
                   if names else 'The file names none of them: leave only the faces in')
            raise CategoryError(f'{path} has annotations of several categories: '
                                f'{described}. Which of them are the faces? {way}')
    else:
        faces = [key for key in counts if names.get(key) == name]
        if len(faces) != 1:
            raise CategoryError(f'{path} has no annotation of the category {name!r}, '
                                f'but of {described}')
    others = sum(counts.values()) - counts[faces[0]]
    if others:
        log.add(Problem(Kind.FORMAT, path,
                        f'{others} annotations of other categories than '
                        f'{names.get(faces[0])!r} are left out'))
    return faces[0]
