"""Read a user's own landmarks: COCO-style JSON, CSV, or a folder of ``.pts``."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

from .archive import RawArchive
from .boxes import Box
from .problems import ArchiveError, Kind, Problem, ProblemLog
from .pts import read_pts_or_log

_IMAGE_COLUMNS = ('image', 'image_name', 'image_path', 'file', 'file_name', 'filename',
                  'path')
_BOX_COLUMNS = ('box_x', 'box_y', 'box_w', 'box_h')
# x0, x_0 or left_eye_x: the axis (v: visibility) and what the point is called.
_AXIS_FIRST = re.compile(r'(?P<axis>[xyv])_?(?P<point>\d+)')
_AXIS_LAST = re.compile(r'(?P<point>.+)_(?P<axis>[xyv])')


@dataclass(frozen=True, eq=False)
class LandmarkRecord:
    """One annotated face, in 0-based pixel centres of its image.

    Attributes:
        image_path: The image, with its folder.
        keypoints: Shape (K, 2), float64, pixels; NaN where the file has no number.
        visibility: COCO flags (K,): 0 not annotated, 1 hidden, 2 visible.
        where: What a report calls this face: file, and line or entry.
        box: The annotated box, if there is one.
        size: (width, height) of the image in pixels, if the file says so.
        image_id: The same for the faces of one image.
        id: Different for each face of a file.
        raw: The entry of a JSON file.
    """

    image_path: str
    keypoints: np.ndarray
    visibility: np.ndarray
    where: str
    image_id: int
    id: int
    box: Box | None = None
    size: tuple[float, float] | None = None
    raw: dict = field(default_factory=dict)

    @property
    def annotated(self) -> np.ndarray:
        """Which points count, shape (K,): finite, and not flagged 0."""
        return (self.visibility > 0) & np.isfinite(self.keypoints).all(axis=1)


def read_landmarks(path: str | Path, images: str | Path | None = None,
                   origin: int | None = None,
                   log: ProblemLog | None = None) -> list[LandmarkRecord]:
    """Read the faces of one annotation file, or of one folder.

    Args:
        path: A COCO-style ``.json`` (``images`` with ``file_name``; ``annotations``
            with ``keypoints``, x y v per point, and maybe ``bbox``); a ``.csv`` with
            a header, a column ``image``, and for each point ``x0``, ``y0`` or
            ``NAME_x``, ``NAME_y`` and maybe ``v0`` or ``NAME_v`` (an empty cell is a
            point that is not annotated), maybe ``box_x, box_y, box_w, box_h``; or a
            folder in which each ``.pts`` lies beside the image of the same name.
        images: The folder that image names start from; by default that of ``path``.
            A folder of ``.pts`` needs none.
        origin: Coordinate of the first pixel's centre in the file, 0 or 1. By
            default 1 for ``.pts`` (they come from MATLAB), otherwise 0.
        log: Takes the entries that cannot be read, which are left out. By default
            the first one raises.

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
        raise FileNotFoundError(f'annotations {str(path)!r} do not exist')
    log = ProblemLog(strict=True) if log is None else log
    if path.is_dir():
        return _read_pts(path, 1 if origin is None else origin, log)
    readers: dict[str, Callable] = {'.json': _read_json, '.csv': _read_csv}
    if path.suffix.lower() not in readers:
        raise ValueError(f'{path}: annotations must be a .json, a .csv, or a folder '
                         'with .pts files')
    folder = path.parent if images is None else Path(images)
    return readers[path.suffix.lower()](path, folder, origin or 0, log)


def _read_pts(path: Path, origin: int, log: ProblemLog) -> list[LandmarkRecord]:
    archive = RawArchive(path)
    files = archive.find('*.pts')
    if not files:
        raise ArchiveError(f'{path} holds no .pts file; for a .json or .csv give the '
                           'file itself')
    records: list[LandmarkRecord] = []
    for file in files:
        keypoints = read_pts_or_log(file, origin, str(file), log)
        if keypoints is not None:
            index = len(records)
            records.append(LandmarkRecord(
                str(archive.image_beside(file)), keypoints, np.ones(len(keypoints)),
                str(file), image_id=index, id=index))
    return records


def _read_json(path: Path, folder: Path, origin: int,
               log: ProblemLog) -> list[LandmarkRecord]:
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
    except ValueError as error:  # of json, or of the decoding
        raise ValueError(f'{path} is not JSON: {error}') from error
    if not isinstance(content, dict) or not all(
            isinstance(content.get(key), list) for key in ('images', 'annotations')):
        raise ValueError(f"{path} is not COCO-style: it needs lists 'images' and "
                         "'annotations'")
    images: dict = {}
    for index, image in enumerate(content['images']):
        if not isinstance(image, dict) or 'id' not in image:
            continue
        if images.setdefault(image['id'], image) != image:
            log.add(Problem(
                Kind.UNREADABLE_ANNOTATION, f'{path}, images[{index}]',
                f'the id {image["id"]!r} is that of another image, too, '
                f'{images[image["id"]].get("file_name")!r}: which faces are whose?'))
    records: list[LandmarkRecord] = []
    first_of: dict = {}
    for index, annotation in enumerate(content['annotations']):
        where = f'{path}, annotations[{index}]'
        try:
            record = _json_record(annotation, images, folder, origin, where)
            first = first_of.setdefault(record.id, index)
            if first != index:
                raise ValueError(f'the id {record.id!r} is that of annotations'
                                 f'[{first}], too: ids tell faces apart')
            records.append(record)
        except (KeyError, TypeError, ValueError) as error:
            text = f'no {error}' if isinstance(error, KeyError) else str(error)
            log.add(Problem(Kind.UNREADABLE_ANNOTATION, where, text))
    return records


def _json_record(annotation: dict, images: dict, folder: Path, origin: int,
                 where: str) -> LandmarkRecord:
    if annotation['image_id'] not in images:
        raise ValueError(f'image_id {annotation["image_id"]!r} is not among the images')
    image = images[annotation['image_id']]
    where += f' (id {annotation["id"]}, {image["file_name"]})'
    values = np.array(annotation['keypoints'], dtype=np.float64)
    if values.ndim != 1 or values.size % 3 or not values.size:
        raise ValueError('keypoints must be a flat list of x, y, visibility for each '
                         f'point; got {np.shape(annotation["keypoints"])} numbers')
    points = values.reshape(-1, 3)
    box = annotation.get('bbox')
    if box is not None:
        box = _checked_box(box, origin)
    size = None
    if 'width' in image and 'height' in image:
        size = float(image['width']), float(image['height'])
    return LandmarkRecord(
        str(folder / image['file_name']), points[:, :2] - origin, points[:, 2], where,
        image_id=annotation['image_id'], id=annotation['id'], box=box, size=size,
        raw=annotation)


def _checked_box(box: Sequence, origin: int) -> Box:
    if len(box) != 4:
        raise ValueError(f'bbox must be x, y, width, height; got {box!r}')
    x, y, width, height = (float(value) for value in box)
    return x - origin, y - origin, width, height


def _read_csv(path: Path, folder: Path, origin: int,
              log: ProblemLog) -> list[LandmarkRecord]:
    try:
        # Spreadsheets write a byte order mark.
        lines = path.read_text(encoding='utf-8-sig').splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f'{path} is not UTF-8 text: {error}') from error
    header = lines[0] if lines else ''
    delimiter = max(',;\t', key=header.count)
    rows = csv.reader(lines, delimiter=delimiter)
    columns = [name.strip() for name in next(rows, [])]
    image_column, points = _csv_columns(path, columns)
    records: list = []
    image_ids: dict[str, int] = {}
    for number, row in enumerate(rows, 2):
        if not any(cell.strip() for cell in row):
            continue
        cells = dict(zip(columns, (cell.strip() for cell in row), strict=False))
        where = f'{path}, line {number}'
        try:
            if len(row) != len(columns):
                raise ValueError(f'{len(row)} cells, the header has {len(columns)}')
            name = cells[image_column]
            if not name:
                raise ValueError(f'column {image_column!r} is empty')
            keypoints, visibility = _csv_points(cells, points)
            box = None
            if all(cells.get(column) for column in _BOX_COLUMNS):
                box = _checked_box([_number(cells, c) for c in _BOX_COLUMNS], origin)
            records.append(LandmarkRecord(
                str(folder / name), keypoints - origin, visibility,
                f'{where} ({name})', image_ids.setdefault(name, len(image_ids)),
                id=len(records), box=box))
        except ValueError as error:
            log.add(Problem(Kind.UNREADABLE_ANNOTATION, where, str(error)))
    return records


def _csv_columns(path: Path, columns: list[str]) -> tuple[str, list[dict[str, str]]]:
    """The image's column, and for each point its columns by axis."""
    lower = [column.lower() for column in columns]
    image = next((columns[lower.index(name)] for name in _IMAGE_COLUMNS
                  if name in lower), None)
    if image is None:
        raise ValueError(f'{path}: the header needs a column {_IMAGE_COLUMNS[0]!r} '
                         f'with the image names; it has {columns[:8]}')
    points: dict[str, dict[str, str]] = {}
    for column, name in zip(columns, lower, strict=True):
        match = _AXIS_FIRST.fullmatch(name) or _AXIS_LAST.fullmatch(name)
        if match and name not in _BOX_COLUMNS:
            axes = points.setdefault(match['point'], {})
            if match['axis'] in axes:
                raise ValueError(f'{path}: the columns {axes[match["axis"]]!r} and '
                                 f'{column!r} are the same of one point')
            axes[match['axis']] = column
    if not points:
        raise ValueError(f'{path}: the header needs the columns x0, y0, x1, y1 … or '
                         f'NAME_x, NAME_y …; it has {columns[:8]}')
    for point, axes in points.items():
        if not {'x', 'y'} <= set(axes):
            raise ValueError(f'{path}: point {point!r} needs a column for x and one '
                             f'for y, the header has {sorted(axes.values())}')
    if all(point.isdigit() for point in points):
        order = sorted(points, key=int)
        for before, after in pairwise(map(int, order)):
            if after != before + 1:
                raise ValueError(f'{path}: the header has columns for the points '
                                 f'{before} and {after} and none between; the later '
                                 'ones would move up')
        return image, [points[point] for point in order]
    return image, list(points.values())


def _csv_points(cells: dict[str, str],
                points: list[dict[str, str]]) -> tuple[np.ndarray, np.ndarray]:
    keypoints = np.full((len(points), 2), np.nan)
    visibility = np.zeros(len(points))
    for index, axes in enumerate(points):
        if not cells[axes['x']] and not cells[axes['y']]:
            continue
        keypoints[index] = _number(cells, axes['x']), _number(cells, axes['y'])
        visibility[index] = _number(cells, axes['v']) if cells.get(
            axes.get('v', '')) else 1
    return keypoints, visibility


def _number(cells: dict[str, str], column: str) -> float:
    try:
        return float(cells[column])
    except ValueError:
        raise ValueError(f'column {column!r} must be a number, got '
                         f'{cells[column]!r}') from None
