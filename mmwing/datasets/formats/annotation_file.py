"""Check a COCO-style annotation file before MMPose reads it."""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path

#: What no data set can do without.
_LISTS = ('images', 'annotations')


def check_annotation_file(path: str | PathLike) -> None:
    """See that a COCO-style annotation file can be read and is not empty.

    MMPose fails on one that is not with a message of its JSON reader or of numpy,
    which names no file.

    Args:
        path (str | PathLike): A ``.json`` file that exists.

    Raises:
        ValueError: It is damaged, or no COCO-style file, or holds no face.
    """
    try:
        content = json.loads(Path(path).read_text(encoding='utf-8'))
    except ValueError as error:  # JSON's and Unicode's are of this type
        raise ValueError(f'annotation file {str(path)!r} is no JSON ({error}): it is '
                         'damaged or cut off, write or copy it again') from error
    found = content if isinstance(content, dict) else {}
    missing = [key for key in _LISTS if not isinstance(found.get(key), list)]
    if missing:
        raise ValueError(
            f'annotation file {str(path)!r} has no list of {" and of ".join(missing)}: '
            'MMPose reads COCO-style files, a dict of images, annotations and '
            'categories; `mmwing prepare` writes them')
    empty = [key for key in _LISTS if not found[key]]
    if empty:
        raise ValueError(
            f'annotation file {str(path)!r} has no {" and no ".join(empty)}: there is '
            'no face in it; write it again or choose another')
