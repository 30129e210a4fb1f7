"""Read boxes of faces from a file."""

from __future__ import annotations

import csv
import io
import os
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

from mmwing.csv_cells import name_in_cell
from mmwing.files import read_json, read_text

_COLUMNS = ('box_x', 'box_y', 'box_w', 'box_h')


class BoxFile:
    """Boxes of faces by image, from a CSV or COCO-style JSON file.

    What ``mmwing predict`` writes is such a file, and so are annotation files.

    Args:
        path: A ``.csv`` with columns ``image``, ``box_x``, ``box_y``, ``box_w``,
            ``box_h``; or a ``.json`` with ``images`` (``file_name``) and
            ``annotations`` (``image_id``, ``bbox`` as x, y, w, h). The column, or key,
            ``frame`` counts the frames of a video from 0; without it a box is in the
            first. Image names start from the file's folder or from the working
            directory; failing that, the last part of the name decides, if it is there
            once.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is neither, or has no box.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self.path = Path(path)
        if not self.path.exists():
            raise FileNotFoundError(f'the file of boxes {str(path)!r} does not exist')
        try:
            rows = (self._read_json() if self.path.suffix.lower() == '.json'
                    else self._read_csv())
        except (KeyError, TypeError, ValueError, csv.Error) as error:
            raise ValueError(
                f'{self.path} is not a box file: {type(error).__name__}: {error}; it '
                f'needs the columns image, {", ".join(_COLUMNS)}, or COCO-style images '
                'and annotations with bbox') from error
        if not rows:
            raise ValueError(f'{self.path} holds no box')
        boxes: dict[str, list] = defaultdict(list)
        for image, frame, (x, y, width, height) in rows:
            boxes[image].append((frame, [x, y, x + width, y + height]))
        self._by_path = {os.path.realpath(os.path.join(base, image)): found
                         for image, found in boxes.items()
                         for base in ('.', str(self.path.parent))}
        count = Counter(map(os.path.basename, boxes))
        self._by_name = {name: found for image, found in boxes.items()
                         if count[name := os.path.basename(image)] == 1}

    def _read_json(self) -> list[tuple[str, int, list[float]]]:
        content = read_json(self.path)
        names = {image['id']: image['file_name'] for image in content['images']}
        return [(names[face['image_id']], _frame(face.get('frame')),
                 _four(face['bbox']))
                for face in content['annotations']]

    def _read_csv(self) -> list[tuple[str, int, list[float]]]:
        rows = csv.DictReader(io.StringIO(read_text(self.path), newline=''))
        missing = {'image', *_COLUMNS} - set(rows.fieldnames or ())
        if missing:
            raise ValueError(f'no column {min(missing)}')
        return [(name_in_cell(row['image'] or ''), _frame(row.get('frame')),
                 _four([row[column] for column in _COLUMNS])) for row in rows]

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

    def _rows(self, image: str) -> list[tuple[int, list[float]]]:
        return (self._by_path.get(os.path.realpath(image))
                or self._by_name.get(os.path.basename(image)) or [])


def _frame(value: object) -> int:
    if value in (None, ''):
        return 0
    if not str(value).isdecimal():
        raise ValueError(f'a frame must be a number from 0, got {value!r}')
    return int(str(value))


def _four(values: list) -> list[float]:
    if len(values) != 4:
        raise ValueError(f'a box must have x, y, width and height, got {values!r}')
    return [float(value) for value in values]
