"""Read landmarks from CSV tables, a face a row."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from mmwing.csv_cells import name_in_cell
from mmwing.files import path_below, printable, read_text

from .coco_json import checked_box
from .numbers import parse_number
from .problems import Kind, Problem, ProblemLog
from .records import LandmarkRecord

_IMAGE_COLUMNS = ('image', 'image_name', 'image_path', 'file', 'file_name', 'filename',
                  'path')
_BOX_COLUMNS = ('box_x', 'box_y', 'box_w', 'box_h')
# x0, x_0 or left_eye_x: the axis (v: visibility) and what the point is called.
_AXIS_FIRST = re.compile(r'(?P<axis>[xyv])_?(?P<point>\d+)')
_AXIS_LAST = re.compile(r'(?P<point>.+)_(?P<axis>[xyv])')
_PIXELS = re.compile(r'\d+(\s+\d+){8,}\s*')


@dataclass(frozen=True)
class _Columns:
    """Where in a row things stand.

    Attributes:
        image: Index of the image's name.
        points: For each point, the index of x, y and v; None without a column v.
        box: Indices of x, y, width and height; empty without a box.
        unnamed: Indices of columns without a name.
        count: Number of columns.
    """

    image: int
    points: list[tuple[int, int, int | None]]
    box: list[int]
    unnamed: list[int]
    count: int


def read_csv_table(path: Path, folder: Path, origin: int, log: ProblemLog,
                   names: Sequence[str] | None = None) -> list[LandmarkRecord]:
    """Read the faces of a table.

    Args:
        path: The file.
        folder: The folder that image names start from.
        origin: Coordinate of the first pixel's centre in the file.
        log: Takes the rows that cannot be read.
        names: The points in the order that is wanted, see
            :func:`.landmark_files.read_landmarks`.

    Raises:
        ValueError: The file as a whole cannot be used.
    """
    text = read_text(path)
    header = text.split('\n', 1)[0]
    rows = csv.reader(io.StringIO(text, newline=''), strict=True,
                      delimiter=max(',;\t', key=header.count))
    try:
        titles = [title.strip() for title in next(rows, [])]
    except csv.Error as error:
        raise ValueError(f'{path}, line 1: {error}') from error
    columns = _columns(path, titles, names)
    records: list[LandmarkRecord] = []
    image_ids: dict[str, int] = {}
    missing = 0
    holds_pixels = False
    while not holds_pixels:
        where = f'{path}, line {rows.line_num + 1}'
        try:
            row = next(rows, None)
            if row is None:
                break
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            name, keypoints, visibility, marked = _face(cells, titles, columns)
            box = None
            if columns.box and all(cells[index] for index in columns.box):
                box = checked_box([_number(cells, titles, index)
                                   for index in columns.box], origin)
            holds_pixels = _PIXELS.fullmatch(name) is not None
            records.append(LandmarkRecord(
                str(path_below(folder, name)), keypoints - origin, visibility,
                f'{where} ({printable(name)})',
                image_ids.setdefault(name, len(image_ids)), id=len(records), box=box))
            missing += marked
        except (ValueError, csv.Error) as error:
            log.add(Problem(Kind.UNREADABLE_ANNOTATION, where, str(error)))
    if holds_pixels:
        raise ValueError(f'{path}: column {titles[columns.image]!r} holds pixels, not '
                         'the names of images: write the images to files and their '
                         f'names into a column {_IMAGE_COLUMNS[0]!r}')
    if missing:
        log.add(Problem(Kind.FORMAT, str(path), f'{missing} points at (-1, -1) are '
                                                'read as not annotated'))
    return records


def _face(cells: list[str], titles: list[str], columns: _Columns
          ) -> tuple[str, np.ndarray, np.ndarray, int]:
    """Image name, points, visibility, and the number of points at (-1, -1)."""
    if len(cells) != columns.count:
        raise ValueError(f'{len(cells)} cells, the header has {columns.count}')
    for index in columns.unnamed:
        # The first may be the index that pandas writes.
        if cells[index] and not (index == 0 and cells[index].isdecimal()):
            raise ValueError(f'cell {index + 1} is {cells[index][:40]!r}, but the '
                             'header has no name for this column')
    name = name_in_cell(cells[columns.image])
    if not name:
        raise ValueError(f'column {titles[columns.image]!r} is empty')
    keypoints = np.full((len(columns.points), 2), np.nan)
    visibility = np.zeros(len(columns.points))
    marked = 0
    for point, (x, y, v) in enumerate(columns.points):
        if not cells[x] and not cells[y]:
            continue
        place = _number(cells, titles, x), _number(cells, titles, y)
        if v is None and place == (-1, -1):
            marked += 1
            continue
        keypoints[point] = place
        visibility[point] = 1 if v is None or not cells[v] else _number(
            cells, titles, v)
    return name, keypoints, visibility, marked


def _number(cells: list[str], titles: list[str], index: int) -> float:
    try:
        return parse_number(cells[index])
    except ValueError:
        raise ValueError(f'column {titles[index]!r} must be a number, got '
                         f'{cells[index][:40]!r}') from None


def _columns(path: Path, titles: list[str], names: Sequence[str] | None) -> _Columns:
    lower = [title.lower() for title in titles]
    images = [index for index, title in enumerate(lower) if title in _IMAGE_COLUMNS]
    if not images:
        raise ValueError(f'{path}: the header needs a column {_IMAGE_COLUMNS[0]!r} '
                         f'with the image names; it has {titles[:8]!r:.200}')
    if len(images) > 1:
        raise ValueError(f'{path}: the columns {titles[images[0]]!r} and '
                         f'{titles[images[1]]!r} could both hold the image names: '
                         'rename one')
    box = [lower.index(name) for name in _BOX_COLUMNS if name in lower]
    if box and len(box) < len(_BOX_COLUMNS):
        raise ValueError(f'{path}: a box needs the columns {", ".join(_BOX_COLUMNS)}; '
                         f'the header has {[titles[index] for index in box]}')
    points = _point_columns(path, titles, lower)
    return _Columns(
        images[0], [(axes['x'], axes['y'], axes.get('v'))
                    for axes in _in_order(path, points, names)],
        box, [index for index, title in enumerate(titles) if not title], len(titles))


def _point_columns(path: Path, titles: list[str],
                   lower: list[str]) -> dict[str, dict[str, int]]:
    """Name or number of each point to its columns by axis."""
    points: dict[str, dict[str, int]] = {}
    for index, title in enumerate(lower):
        match = _AXIS_FIRST.fullmatch(title) or _AXIS_LAST.fullmatch(title)
        if match and title not in _BOX_COLUMNS:
            axes = points.setdefault(match['point'], {})
            if match['axis'] in axes:
                raise ValueError(f'{path}: the columns {titles[axes[match["axis"]]]!r} '
                                 f'and {titles[index]!r} are the same of one point')
            axes[match['axis']] = index
    if not points:
        raise ValueError(f'{path}: the header needs the columns x0, y0, x1, y1 … or '
                         f'NAME_x, NAME_y …; it has {titles[:8]!r:.200}')
    for point, axes in points.items():
        if not {'x', 'y'} <= set(axes):
            raise ValueError(f'{path}: point {point!r} needs a column for x and one '
                             'for y, the header has '
                             f'{sorted(titles[index] for index in axes.values())}')
    return points


def _in_order(path: Path, points: dict[str, dict[str, int]],
              names: Sequence[str] | None) -> list[dict[str, int]]:
    """The points' columns: by number, by ``names``, or as they stand."""
    numbered = [point for point in points if point.isdecimal()]
    if numbered and len(numbered) < len(points):
        other = next(point for point in points if not point.isdecimal())
        raise ValueError(f'{path}: the header has columns of numbered points '
                         f'({numbered[0]}) and of named ones ({other}): which of them '
                         'are the landmarks? Remove the others')
    if numbered:
        order = sorted(points, key=int)
        for before, after in pairwise(map(int, order)):
            if after != before + 1:
                raise ValueError(f'{path}: the header has columns for the points '
                                 f'{before} and {after} and none between; the later '
                                 'ones would move up')
        return [points[point] for point in order]
    if names is None:
        return list(points.values())
    wanted = [name.lower() for name in names]
    strange = [point for point in points if point not in wanted]
    lacking = [name for name in names if name.lower() not in points]
    if strange or lacking:
        raise ValueError(
            f'{path}: the columns do not have the names of the points file: '
            + '; '.join([f'{what} {", ".join(found[:8])}' for what, found in (
                ('unknown:', strange), ('missing:', lacking)) if found])
            + '. Rename them, or number the columns x0, y0, x1, y1 …')
    return [points[name] for name in wanted]
