"""Read boxes of faces from a file."""

from __future__ import annotations

import csv
import io
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mmwing.csv_cells import name_in_cell
from mmwing.datasets.formats.box_entries import (
    box_corners,
    entries,
    entry_key,
    face_entries,
)
from mmwing.datasets.formats.categories import CategoryError
from mmwing.datasets.formats.numbers import parse_number, short
from mmwing.datasets.formats.problems import Problem, ProblemLog
from mmwing.files import file_name, printable, read_json, read_text

_COLUMNS = ('box_x', 'box_y', 'box_w', 'box_h')


class BoxFile:
    """Boxes of faces by image, from a CSV or COCO-style JSON file.

    What ``mmwing predict`` writes is such a file, and so are annotation files. Of
    these the boxes of the faces count that readers of annotations take: those of one
    category, without crowds.

    Args:
        path: A ``.csv`` with columns ``image``, ``box_x``, ``box_y``, ``box_w``,
            ``box_h``; or a ``.json`` with ``images`` (``file_name``) and
            ``annotations`` (``image_id``, ``bbox`` as x, y, w, h). The column, or key,
            ``frame`` counts the frames of a video from 0; without it a box is in the
            first. Image names start from the working directory or from the file's
            folder; where no image of that name is in either, as after a move, the
            last part of the name decides, if it is there once.
        category: Name of the category of the faces in a ``.json`` with several. By
            default ``face``.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is neither, has no box, or several categories of which none
            is known to be that of the faces.
    """

    def __init__(self, path: str | os.PathLike, category: str | None = None) -> None:
        self.path = Path(path)
        self._category = category
        self._log = ProblemLog()
        if not self.path.exists():
            raise FileNotFoundError(f'the file of boxes {str(path)!r} does not exist')
        if self.path.is_dir():
            raise ValueError(f'{printable(self.path)} is a folder: boxes are read from '
                             'a file')
        try:
            rows = list(self._read_json() if self.path.suffix.lower() == '.json'
                        else self._read_csv())
        except CategoryError:
            raise
        except ValueError as error:
            raise ValueError(
                f'{printable(self.path)} is not a box file: {error}; it '
                f'needs the columns image, {", ".join(_COLUMNS)}, or COCO-style images '
                'and annotations with bbox') from error
        if not rows:
            raise ValueError('; '.join([f'{printable(self.path)} holds no box',
                                        *[note.detail for note in self.notes]]))
        boxes: dict[str, list] = defaultdict(list)
        for image, frame, box in rows:
            boxes[image].append((frame, box))
        self._by_path: dict[str, list] = {}
        self._bases = (str(self.path.parent), '.')
        for base in self._bases:
            # The same file may have several names, such as a.png and ./a.png.
            paths: dict[str, list] = defaultdict(list)
            for image, found in boxes.items():
                paths[os.path.realpath(os.path.join(base, image))] += found
            self._by_path.update(paths)
        count = Counter(map(os.path.basename, boxes))
        self._by_name = {name: (image, found) for image, found in boxes.items()
                         if count[name := os.path.basename(image)] == 1}

    @property
    def notes(self) -> list[Problem]:
        """What was left out of a JSON file, and should be known."""
        return self._log.problems

    def _read_json(self) -> Iterator[tuple[str, int, np.ndarray]]:
        content = read_json(self.path)
        if not isinstance(content, dict):
            raise ValueError(f'it must be a dict, got {short(content)}')
        names: dict[int | str, str] = {}
        for where, image in entries(content.get('images'), 'images'):
            key = entry_key(image, 'id', where)
            name = _image_name(image.get('file_name'), where)
            if names.setdefault(key, name) != name:
                raise ValueError(f'{where}: the id {short(key)} is that of '
                                 f'{short(names[key])}, too')
        for where, face in face_entries(
                content.get('annotations'), 'annotations', printable(self.path),
                self._log, categories=content.get('categories'),
                category=self._category):
            key = entry_key(face, 'image_id', where)
            if key not in names:
                raise ValueError(f'{where}: the image_id {short(key)} is not among the '
                                 'images')
            yield (names[key], _frame(face.get('frame', 0), where),
                   box_corners(face.get('bbox'), where))

    def _read_csv(self) -> Iterator[tuple[str, int, np.ndarray]]:
        rows = csv.reader(io.StringIO(read_text(self.path), newline=''), strict=True)
        try:
            titles = next(rows, [])
            for title in ('image', *_COLUMNS, 'frame'):
                if titles.count(title) > 1:
                    raise ValueError(f'several columns {title}')
                if title not in titles and title != 'frame':
                    raise ValueError(f'no column {title}')
            line = rows.line_num + 1
            for cells in rows:
                where, line = f'line {line}', rows.line_num + 1
                if not any(map(str.strip, cells)):
                    continue
                if len(cells) != len(titles):
                    raise ValueError(f'{where}: {len(cells)} cells, the header has '
                                     f'{len(titles)}')
                row = dict(zip(titles, cells, strict=True))
                yield (_image_name(name_in_cell(row['image']), where),
                       _frame(row.get('frame') or 0, where),
                       box_corners([_number(row[title], title, where)
                                    for title in _COLUMNS], where))
        except csv.Error as error:
            raise ValueError(f'line {rows.line_num}: {error}') from error

    def find(self, image: str) -> np.ndarray | None:
        """Boxes (N, 4), x1, y1, x2, y2, of an image; None if the file has none."""
        found = self._rows(image)
        return np.array([box for _, box in found], np.float32) if found else None

    def find_frames(self, video: str) -> dict[int, np.ndarray]:
        """Boxes (N, 4), x1, y1, x2, y2, of each frame of a video that has some."""
        frames: dict[int, list] = defaultdict(list)
        for frame, box in self._rows(video):
            frames[frame].append(box)
        return {frame: np.array(frames[frame], np.float32) for frame in sorted(frames)}

    def _rows(self, image: str) -> list[tuple[int, np.ndarray]]:
        found = self._by_path.get(os.path.realpath(image))
        if found is None:
            named, found = self._by_name.get(os.path.basename(image), ('', []))
            # Boxes of an image that is there are not those of another of that name.
            if any(os.path.exists(os.path.join(base, named)) for base in self._bases):
                return []
        return found


def _image_name(name: object, where: str) -> str:
    try:
        return file_name(name)
    except ValueError as error:
        raise ValueError(f'{where}: {error}') from error


def _number(cell: str, title: str, where: str) -> float:
    try:
        return parse_number(cell)
    except ValueError as error:
        raise ValueError(f'{where}: column {title}: {error}') from error


def _frame(value: object, where: str) -> int:
    """The number of a frame: a whole number, or the digits of a cell."""
    text = str(value)
    if type(value) not in (int, str) or not (text.isascii() and text.isdecimal()):
        raise ValueError(f'{where}: a frame must be a number from 0, got '
                         f'{short(value)}')
    digits = text.lstrip('0')
    if len(digits) > 10:
        raise ValueError(f'{where}: no video has a frame {short(value)}')
    return int(digits or 0)
