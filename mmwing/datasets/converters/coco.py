"""Write COCO-style annotation files for MMPose's face data sets."""

from __future__ import annotations

import math

import numpy as np

from mmwing.datasets.formats.boxes import (
    BBOX_FACTOR,
    centre_and_scale,
    clip,
    enlarge,
    landmark_box,
    whole_pixel_box,
)

from .converter import Converter
from .images import Placed

_CATEGORY = {'id': 1, 'name': 'face', 'supercategory': 'person', 'keypoints': [],
             'skeleton': []}


def annotation_file(converter: type[Converter], placed: list[Placed],
                    info: dict) -> dict:
    """A COCO-style annotation file as MMPose's data set classes expect it.

    A landmark that is not annotated is 0, 0, 0. Beyond MMPose's fields, an annotation
    carries ``landmark_bbox`` and, where
    the authors give a box, ``detector_bbox`` (both x, y, w, h in pixels),
    ``subsets`` (names) and ``attributes`` (flags by name). Coordinates are
    rounded to 1e-6 pixels.

    Args:
        converter: The data set.
        placed: The faces of one split.
        info: The file's ``info`` entry.

    Returns:
        The content of the file.
    """
    images: dict[str, dict] = {}
    annotations = []
    for number, item in enumerate(placed, 1):
        image = images.setdefault(item.file_name, {
            'id': len(images) + 1, 'file_name': item.file_name,
            'width': item.width, 'height': item.height})
        annotations.append({'id': number, 'image_id': image['id'],
                            **_annotation(converter, item)})
    return {'info': info, 'images': list(images.values()),
            'annotations': annotations, 'categories': [_CATEGORY]}


def _annotation(converter: type[Converter], placed: Placed) -> dict:
    face, window = placed.face, placed.window
    keypoints = window.points(face.keypoints) if window else face.keypoints
    box = window.box(face.box) if window and face.box else face.box
    visibility = np.where(
        face.visible, 1 if face.visibility is None else face.visibility, 0)
    if box and converter.crop_to_authors_box:
        region = bbox = box
    else:
        region = whole_pixel_box(keypoints)
        bbox = clip(enlarge(landmark_box(keypoints), BBOX_FACTOR), placed.width,
                    placed.height)
    centre, scale = centre_and_scale(region)
    record = {
        'category_id': 1, 'iscrowd': 0,
        'keypoints': _rounded(np.column_stack(
            [np.nan_to_num(keypoints), visibility]).ravel()),
        'num_keypoints': int((visibility > 0).sum()),
        'bbox': _rounded(bbox), 'area': round(bbox[2] * bbox[3], 6),
        'center': _rounded(centre), 'scale': round(scale, 6),
        'landmark_bbox': _rounded(landmark_box(keypoints)),
        'subsets': list(face.subsets), 'attributes': face.attributes}
    if box:
        record['detector_bbox'] = _rounded(box)
        if converter.face_size:
            record['box_size'] = round(math.sqrt(box[2] * box[3]), 6)
    return record


def _rounded(values) -> list[float]:
    return [round(float(value), 6) for value in values]
