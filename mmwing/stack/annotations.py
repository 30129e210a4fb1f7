"""Let MMPose's data sets read annotation files by the package's own reader.

That of COCO's tools is ``json.load`` on a file: its errors name no file, it refuses a
byte order mark, and it parses anew what ``mmwing train`` has parsed to check it.
"""

from __future__ import annotations

import contextlib
from os import PathLike

from mmwing.files import printable, read_json


def read_annotations_by_name() -> None:
    """Give MMPose a ``COCO`` whose messages name the file. Idempotent."""
    with contextlib.suppress(ImportError):  # of which MMPose speaks when it needs it
        from xtcocotools import coco

        if not getattr(coco.COCO, 'by_name', False):
            coco.COCO = _named(coco.COCO)


def _named(base: type) -> type:

    class COCO(base):
        by_name = True

        def __init__(self, annotation_file: str | PathLike | None = None) -> None:
            super().__init__()
            if annotation_file is None:
                return
            self.dataset = read_json(annotation_file)
            if not isinstance(self.dataset, dict):
                raise ValueError(
                    f'annotation file {printable(annotation_file)!r} is not '
                    'COCO-style, a dict of images, annotations and categories')
            # What COCO's tools print says nothing that a log of a training needs.
            with contextlib.redirect_stdout(None):
                self.createIndex()

    COCO.__doc__ = base.__doc__
    return COCO
