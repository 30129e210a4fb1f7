"""Read landmarks from COCO-style JSON files."""

from __future__ import annotations

import codecs
import os
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path

import numpy as np

from mmwing.files import hand_on_json, path_below, printable, read_json

from .boxes import Box
from .categories import chosen_category
from .numbers import are_numbers, is_key, short
from .problems import Kind, Problem, ProblemLog
from .records import LandmarkRecord

_LISTS = ('images', 'annotations')

#: Pixels. No image is so large, and float32 still tells its pixels apart.
LARGEST_COORDINATE = 1e6

# What is parsed takes five times as much memory, which is kept for the reader that is
# to come.
_LARGE = 100 * 2**20


def read_annotation_file(path: str | PathLike) -> dict:
    """Read a COCO-style annotation file that holds images and annotations.

    Args:
        path (str | PathLike): A ``.json`` file that exists.

    Raises:
        OSError: It cannot be read.
        ValueError: It is damaged, not COCO-style, or empty; the message names it.
    """
    content = read_json(path)
    found = content if isinstance(content, dict) else {}
    missing = [key for key in _LISTS if not isinstance(found.get(key), list)]
    if missing:
        raise ValueError(
            f'annotation file {printable(path)!r} has no list of '
            f'{" and of ".join(missing)}: it is not COCO-style, a dict of images, '
            'annotations and categories; tools/prepare_dataset.py writes such files')
    empty = [key for key in _LISTS if not found[key]]
    if empty:
        raise ValueError(
            f'annotation file {printable(path)!r} has no {" and no ".join(empty)}: '
            'there is no face in it; write it again or choose another')
    return content


def check_annotation_file(path: str | PathLike, readers: int = 1) -> list[str]:
    """See that a COCO-style annotation file can be read by MMPose and is not empty.

    MMPose fails on one that is not with a message of its data set or of numpy, which
    names no file. What has been parsed is handed on to the data sets. Of a large file
    only the two ends are looked at.

    Args:
        path (str | PathLike): A ``.json`` file that exists.
        readers (int): How many data sets are to read it.

    Returns:
        list[str]: What should be known: MMPose leaves out annotations that are marked
        as crowds, and does not say so.

    Raises:
        OSError: It cannot be read.
        ValueError: It is damaged, not COCO-style, or holds no face; or a landmark is
            NaN, infinite or farther than any image reaches. The message names the
            annotation.
    """
    if os.path.getsize(path) < _LARGE:
        content = read_annotation_file(path)
        _check_numbers(content, path)
        notes = _notes_of_crowds(content['annotations'], path)
        hand_on_json(path, content, readers)
        return notes
    with Path(path).open('rb') as file:
        start = file.read(1024)
        file.seek(-1024, os.SEEK_END)
        end = file.read()
    start = start.removeprefix(codecs.BOM_UTF8).lstrip()
    if not start.startswith(b'{') or not end.rstrip().endswith(b'}'):
        raise ValueError(f'annotation file {printable(path)!r} is not valid JSON: it '
                         'is damaged or cut off, write or copy it again')
    return []


def _check_numbers(content: Mapping, path: str | PathLike) -> None:
    """See that landmarks are numbers that an image can hold."""
    for index, annotation in enumerate(content['annotations']):
        values = annotation.get('keypoints') if isinstance(annotation, dict) else None
        try:
            if not values or max(values) <= LARGEST_COORDINATE and (
                    min(values) >= -LARGEST_COORDINATE) and sum(values) == sum(values):
                continue
        except TypeError:
            continue  # no flat list of numbers, which MMPose refuses
        strange = next(i for i, value in enumerate(values)
                       if not abs(value) <= LARGEST_COORDINATE)
        names = {image.get('id'): image.get('file_name') for image in content['images']
                 if isinstance(image, dict)}
        raise ValueError(
            f'{printable(path)}, annotations[{index}] (id {annotation.get("id")!r}, '
            f'{printable(str(names.get(annotation.get("image_id"))))}): point '
            f'{strange // 3} has {values[strange]!r}, which lies in no image. Correct '
            'it, or set x, y and visibility to 0 where a point is not annotated')


def _notes_of_crowds(annotations: Sequence, path: str | PathLike) -> list[str]:
    crowds = [index for index, annotation in enumerate(annotations)
              if isinstance(annotation, dict) and annotation.get('iscrowd')]
    if not crowds:
        return []
    return [f'{printable(path)}: ' + crowds_text(
        len(crowds), f'annotations[{crowds[0]}] '
                     f'(id {annotations[crowds[0]].get("id")!r})')]


def crowds_text(count: int, first: str, out_of: str = ' of training and test') -> str:
    """What a message says of annotations that are marked as crowds."""
    return (f'{count} annotations have iscrowd set and are left out{out_of}, the first '
            f'of them {first}; if they are single faces, set it to 0')


def read_coco_json(path: Path, folder: Path, origin: int, log: ProblemLog,
                   category: str | None = None) -> list[LandmarkRecord]:
    """Read the faces of a COCO-style file.

    Args:
        path: The file.
        folder: The folder that image names start from.
        origin: Coordinate of the first pixel's centre in the file.
        log: Takes the entries that cannot be read.
        category: Name of the category that the faces have, see
            :func:`.landmark_files.read_landmarks`.

    Raises:
        ValueError: The file as a whole cannot be used.
    """
    content = read_annotation_file(path)
    images = _images(content['images'], path, log)
    chosen = chosen_category(content['annotations'], content.get('categories'),
                             str(path), category, log)
    records: list[LandmarkRecord] = []
    first_of: dict = {}
    for index, annotation in enumerate(content['annotations']):
        where = f'{path}, annotations[{index}]'
        try:
            if not isinstance(annotation, dict):
                raise TypeError('an annotation must be a dict, got '
                                f'{short(annotation)}')
            _check_keys(annotation)
            if chosen is not None and annotation.get('category_id') != chosen:
                continue
            record = _record(annotation, images, folder, origin, where)
            first = first_of.setdefault(record.id, index)
            if first != index:
                raise ValueError(f'the id {record.id!r} is that of annotations'
                                 f'[{first}], too: ids tell faces apart')
            records.append(record)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            text = f'no {error}' if isinstance(error, KeyError) else str(error)
            log.add(Problem(Kind.UNREADABLE_ANNOTATION, where, text))
    return records


def _images(entries: Sequence, path: Path, log: ProblemLog) -> dict:
    """The entries of images by id."""
    images: dict = {}
    for index, image in enumerate(entries):
        where = f'{path}, images[{index}]'
        if not isinstance(image, dict) or not is_key(image.get('id')):
            log.add(Problem(Kind.UNREADABLE_ANNOTATION, where,
                            'an image must be a dict with an id and a file_name, got '
                            f'{image!r:.40}'))
        elif images.setdefault(image['id'], image) != image:
            log.add(Problem(
                Kind.UNREADABLE_ANNOTATION, where,
                f'the id {image["id"]!r} is that of another image, too, '
                f'{images[image["id"]].get("file_name")!r}: which faces are whose?'))
    return images


def _check_keys(annotation: Mapping) -> None:
    """See that what is looked up by is a number or text."""
    for key in ('id', 'image_id', 'category_id'):
        if annotation.get(key) is not None and not is_key(annotation[key]):
            raise TypeError(f'{key} must be a whole number or text, got '
                            f'{short(annotation[key])}')


def _record(annotation: dict, images: Mapping, folder: Path, origin: int,
            where: str) -> LandmarkRecord:
    if annotation['image_id'] not in images:
        raise ValueError(f'image_id {annotation["image_id"]!r} is not among the images')
    image = images[annotation['image_id']]
    if annotation['id'] is None:
        raise TypeError('id must be a whole number or text, got None')
    where += (f' (id {printable(str(annotation["id"]))}, '
              f'{printable(str(image["file_name"]))})')
    values = np.array(
        annotation['keypoints'] if are_numbers(annotation['keypoints']) else [])
    if values.size % 3 or not values.size or values.dtype.kind not in 'iuf':
        raise ValueError('keypoints must be a flat list of numbers, x, y, visibility '
                         f'for each point; got {short(annotation["keypoints"])}')
    points = values.astype(np.float64).reshape(-1, 3)
    # The list takes eight times as much, and the content of the file is ours alone.
    annotation['keypoints'] = values
    box = annotation.get('bbox')
    if box is not None:
        box = checked_box(box, origin)
    size = None
    if 'width' in image and 'height' in image:
        size = _size(image['width'], image['height'])
    return LandmarkRecord(
        str(path_below(folder, image['file_name'])), points[:, :2] - origin,
        points[:, 2].copy(), where, image_id=annotation['image_id'],
        id=annotation['id'], box=box, size=size, raw=annotation)


def _size(width: object, height: object) -> tuple[float, float]:
    try:
        if are_numbers(sides := (width, height)):
            return float(sides[0]), float(sides[1])
    except OverflowError:
        pass
    raise ValueError('width and height of an image must be numbers, got '
                     f'{short(width)} and {short(height)}')


def checked_box(box: object, origin: int) -> Box:
    """A box x, y, width, height in 0-based pixels.

    Raises:
        ValueError: It is something else.
    """
    if not are_numbers(box) or len(box) != 4:
        raise ValueError(f'bbox must be x, y, width, height; got {short(box)}')
    try:
        x, y, width, height = map(float, box)
    except OverflowError:
        raise ValueError('bbox has a number of too many digits: '
                         f'{short(box)}') from None
    return x - origin, y - origin, width, height
