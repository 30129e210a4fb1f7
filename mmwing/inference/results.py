"""Write predicted landmarks as JSON, CSV and .pts files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from mmwing.csv_cells import csv_text
from mmwing.files import write_json, write_text
from mmwing.runtime.face import Face
from mmwing.runtime.head_pose import HeadPose, head_pose
from mmwing.version import __version__

from .inputs import distinct_names

#: The pose of landmarks that are no head.
NO_HEAD = HeadPose(math.nan, math.nan, math.nan)


@dataclass(frozen=True, eq=False)
class PredictedImage:
    """The faces of one image.

    Attributes:
        path: The image's file or address.
        name: What its ``.pts`` files are called, without suffix.
        size: (width, height) in pixels.
        faces: Its faces.
    """

    path: str
    name: str
    size: tuple[int, int]
    faces: list[Face]

    @cached_property
    def head_poses(self) -> list[HeadPose]:
        """Of each face, see :func:`find_head_pose`."""
        return [find_head_pose(face, self.size) for face in self.faces]


def write_predictions_json(path: Path, images: Sequence[PredictedImage],
                           model: str, names: Sequence[str],
                           head_poses: bool = False) -> None:
    """Write a COCO-style JSON file, which mmwing and MMPose read as annotations.

    ``bbox`` is x, y, w, h; ``keypoints`` is flat, x, y and 2 (visible) for each;
    ``keypoint_scores`` and ``score`` are null where the model or the box has none.

    Args:
        path: The file. Image names in it start from the working directory.
        images: The images with their faces.
        model: What was used, for ``info``.
        names: Names of the landmarks.
        head_poses: Whether to add ``head_pose``, see :func:`face_entry`.
    """
    annotations: list[dict] = []
    for image_id, image in enumerate(images):
        annotations += [
            {'id': len(annotations) + index, 'image_id': image_id,
             **face_entry(face, image.head_poses[index] if head_poses else None)}
            for index, face in enumerate(image.faces)]
    write_json(path, {
        'info': {'description': f'Predictions of {model}', 'version': __version__},
        'images': [{'id': index, 'file_name': name_of(image.path),
                    'width': image.size[0], 'height': image.size[1]}
                   for index, image in enumerate(images)],
        'annotations': annotations,
        'categories': [{'id': 1, 'name': 'face', 'keypoints': list(names)}]})


def face_entry(face: Face, pose: HeadPose | None = None) -> dict:
    """A face as an annotation, without ``id`` and ``image_id``.

    Args:
        face: The face.
        pose: If ``head_pose`` is wanted, what :func:`find_head_pose` gives: ``yaw``,
            ``pitch`` and ``roll`` in degrees; null where the landmarks are no head.
    """
    x1, y1, x2, y2 = map(_rounded, face.box.tolist())
    width, height = _rounded(x2 - x1), _rounded(y2 - y1)
    points = [[_rounded(x), _rounded(y), 2] for x, y in face.keypoints.tolist()]
    entry = {'category_id': 1, 'iscrowd': 0, 'bbox': [x1, y1, width, height],
            'area': _rounded(width * height), 'num_keypoints': len(points),
            'keypoints': [value for point in points for value in point],
            'keypoint_scores': None if np.isnan(face.scores).all() else
            [_number(score) for score in face.scores.tolist()],
            'score': _number(face.score)}
    if pose is not None:
        entry['head_pose'] = None if pose is NO_HEAD else {
            name: round(angle, 2) for name, angle in pose._asdict().items()}
    return entry


def find_head_pose(face: Face, size: tuple[int, int]) -> HeadPose:
    """The head pose of a face in an image of a size, or :data:`NO_HEAD`."""
    try:
        return head_pose(face.keypoints, size)
    except ValueError:
        return NO_HEAD


def write_predictions_csv(path: Path, images: Sequence[PredictedImage],
                          num_keypoints: int, head_poses: bool = False) -> None:
    """Write a CSV file with a row a face, which mmwing reads as annotations.

    Columns: ``image`` (from the working directory), ``face`` (its number in the image),
    ``box_x``, ``box_y``, ``box_w``, ``box_h``, ``score``, with
    ``head_poses`` ``yaw``, ``pitch``, ``roll`` in degrees, and ``x0``, ``y0``, ``s0`` …
    of each landmark; a score or pose that does not exist is empty. A name that a
    spreadsheet would run is written as :func:`mmwing.csv_cells.csv_text` does.
    """
    rows: list[list] = [['image', 'face', *face_columns(num_keypoints, head_poses)]]
    for image in images:
        rows += [[name_of(image.path), number,
                  *face_cells(face, image.head_poses[number] if head_poses else None)]
                 for number, face in enumerate(image.faces)]
    write_text(path, csv_text(rows))


def face_columns(num_keypoints: int, head_poses: bool) -> list[str]:
    """Columns of a face's box, score, head pose if wanted, and landmarks."""
    return ['box_x', 'box_y', 'box_w', 'box_h', 'score',
            *(HeadPose._fields if head_poses else ()),
            *(f'{axis}{index}' for index in range(num_keypoints) for axis in 'xys')]


def face_cells(face: Face, pose: HeadPose | None = None) -> list[str]:
    """Cells of these columns; ``pose`` is that of :func:`face_entry`."""
    x1, y1, x2, y2 = face.box.tolist()
    row = [x1, y1, x2 - x1, y2 - y1, face.score, *(pose or ()),
           *np.column_stack([face.keypoints, face.scores]).ravel().tolist()]
    return ['' if math.isnan(value) else f'{value:.3f}' for value in row]


def write_predictions_pts(folder: Path, images: Sequence[PredictedImage]) -> None:
    """Write the faces of images as ``NAME.pts``, or ``NAME_1.pts``, ``NAME_2.pts`` …

    As in 300-W, the centre of the first pixel is (1, 1). Where that name is another
    image's, because one is called ``NAME_1``, a hyphen and a number follow.
    """
    named = [(image.name, face) for image in images if len(image.faces) == 1
             for face in image.faces]
    named += [(f'{image.name}_{number}', face) for image in images
              if len(image.faces) > 1 for number, face in enumerate(image.faces, 1)]
    names = distinct_names(name for name, _ in named)
    for name, (_, face) in zip(names, named, strict=True):
        points = '\n'.join(f'{x + 1:.3f} {y + 1:.3f}' for x, y in
                           face.keypoints.tolist())
        write_text(folder / f'{name}.pts',
                   f'version: 1\nn_points: {len(face.keypoints)}\n{{\n{points}\n}}\n')


def name_of(image: str) -> str:
    """An image's path from the working directory, or in full if it lies elsewhere."""
    if '://' in image:
        return image
    path = Path(image).resolve()
    if path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return path.as_posix()


def _rounded(value: float) -> float:
    return round(float(value), 3)


def _number(value: float) -> float | None:
    """Null for what JSON has no number for."""
    return _rounded(value) if math.isfinite(value) else None
