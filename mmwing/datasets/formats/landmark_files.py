"""Read a user's own landmarks: COCO-style JSON, CSV, or a folder of ``.pts``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmwing.files import printable

from .archive import RawArchive
from .coco_json import read_coco_json
from .csv_table import read_csv_table
from .problems import ArchiveError, Kind, Problem, ProblemLog
from .pts import (
    PtsFile,
    note_form_of_pts,
    parse_pts_or_log,
    signs_mark_hidden_points,
    split_signs,
)
from .records import LandmarkRecord


def read_landmarks(path: str | Path, images: str | Path | None = None,
                   origin: int | None = None, log: ProblemLog | None = None, *,
                   names: Sequence[str] | None = None,
                   category: str | None = None) -> list[LandmarkRecord]:
    """Read the faces of one annotation file, or of one folder.

    Args:
        path: A COCO-style ``.json`` (``images`` with ``file_name``; ``annotations``
            with ``keypoints``, x y v per point, and maybe ``bbox``); a ``.csv`` with
            a header, a column ``image``, and for each point ``x0``, ``y0`` or
            ``NAME_x``, ``NAME_y`` and maybe ``v0`` or ``NAME_v`` (an empty cell is a
            point that is not annotated, and without a column ``v`` so is (-1, -1)),
            maybe ``box_x, box_y, box_w, box_h``; or a folder in which each ``.pts``
            lies beside the image of the same name. Where the signs of ``.pts`` files
            mark hidden points, as in MERL-RAV, they become the visibility.
        images: The folder that image names start from; by default that of ``path``.
            A folder of ``.pts`` needs none. A name that leads out of it is refused.
        origin: Coordinate of the first pixel's centre in the file, 0 or 1. By
            default 1 for ``.pts`` (they come from MATLAB), otherwise 0.
        log: Takes the entries that cannot be read, which are left out; faces whose
            visibility is none of COCO's, which are kept as they stand; and notes of
            how the file was read. By default the first broken entry raises.
        names: The names of the points, in order. Columns ``NAME_x`` are put into this
            order; other names are refused. By default the order of the header is kept.
        category: Name of the category of the faces in a ``.json`` with several. By
            default ``face``.

    Returns:
        list: The faces, in the order of the file; they may differ in K.

    Raises:
        FileNotFoundError: If ``path`` does not exist.
        ValueError: If ``path`` as a whole is in none of the formats, or at the first
            broken entry where there is no ``log``.
    """
    path = Path(path)
    if origin not in (None, 0, 1):
        raise ValueError(f'origin must be 0 or 1, got {origin!r}')
    if not path.exists():
        raise FileNotFoundError(f'annotations {printable(path)!r} do not exist')
    log = ProblemLog(strict=True) if log is None else log
    if path.is_dir():
        return _read_pts(path, 1 if origin is None else origin, log)
    folder = path.parent if images is None else Path(images)
    if path.suffix.lower() == '.json':
        records = read_coco_json(path, folder, origin or 0, log, category)
    elif path.suffix.lower() == '.csv':
        records = read_csv_table(path, folder, origin or 0, log, names)
    else:
        raise ValueError(f'{printable(path)}: annotations must be a .json, a .csv, or '
                         'a folder with .pts files')
    for record in records:
        _check_visibility(record, log)
    return records


def _check_visibility(record: LandmarkRecord, log: ProblemLog) -> None:
    """Log flags that are none of COCO's; crowds, which nothing uses, may have any."""
    flags = record.visibility
    known = (flags == 0) | (flags == 1) | (flags == 2)
    if not known.all() and not record.is_crowd:
        strange = ', '.join(f'{flag:g}' for flag in np.unique(flags[~known]))
        log.add(Problem(Kind.RANGE, record.where,
                        f'visibility must be 0, 1 or 2, found {strange}'))


def _read_pts(path: Path, origin: int, log: ProblemLog) -> list[LandmarkRecord]:
    archive = RawArchive(path)
    found = archive.find('*.pts')
    if not found:
        raise ArchiveError(f'{printable(path)} holds no .pts file; for a .json or .csv '
                           'give the file itself')
    files: dict[Path, PtsFile] = {}
    images: dict[Path, Path] = {}
    for file in found:
        content = parse_pts_or_log(file, printable(file), log)
        if content is None:
            continue
        try:
            images[file] = archive.image_beside(file)
        except ValueError as error:
            log.add(Problem(Kind.UNREADABLE_ANNOTATION, printable(file), str(error)))
            continue
        files[file] = content
    signs = signs_mark_hidden_points([file.values for file in files.values()])
    note_form_of_pts(printable(path), files, signs, log)
    records = []
    for index, (file, content) in enumerate(files.items()):
        points, visibility = (split_signs(content.values) if signs else
                              (content.values, np.ones(len(content.values))))
        records.append(LandmarkRecord(
            str(images[file]), points - origin, visibility, printable(file),
            image_id=index, id=index))
    return records
