"""Photos to measure with, made of painted faces."""

from __future__ import annotations

import json
from pathlib import Path

import cv2

from mmwing.datasets.face import SyntheticFaceDataset
from mmwing.files import replace_file, write_text

#: Quality of the JPEG files: that of most cameras.
QUALITY = 90


def paint_photos(folder: str | Path, count: int, side: int = 1024,
                 seed: int = 0) -> dict:
    """Write painted faces as JPEG photos, with annotations as MMPose's 300-W has them.

    Args:
        folder: Gets ``images/`` and ``annotations.json``; what is there already, of
            an earlier call with the same arguments, is kept.
        count: Number of photos, one face in each.
        side: Of a photo in pixels; the face takes half to two thirds of it.
        seed: Which series of faces.

    Returns:
        Config of the data set, without a pipeline: stock ``Face300WDataset``.
    """
    folder = Path(folder)
    dataset = SyntheticFaceDataset(count, seed=seed, image_size=side, bbox_scale=1.)
    images, annotations = [], []
    for index in range(count):
        name = f'{side}_{seed}_{index:06d}.jpg'
        face = dataset.get_annotation(index)
        path = folder / 'images' / name
        if not path.is_file():
            picture = dataset.get_data_info(index)['img']
            with replace_file(path, sync=False) as draft:
                cv2.imwrite(str(draft), picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        x1, y1, x2, y2 = face['bbox'][0].tolist()
        points = [value for x, y in face['keypoints'][0].tolist()
                  for value in (x, y, 1)]
        images.append({'id': index, 'file_name': name, 'width': side, 'height': side})
        annotations.append({
            'id': index, 'image_id': index, 'category_id': 1, 'iscrowd': 0,
            'bbox': [x1, y1, x2 - x1, y2 - y1], 'area': (x2 - x1) * (y2 - y1),
            'keypoints': points, 'num_keypoints': len(points) // 3,
            'center': [(x1 + x2) / 2, (y1 + y2) / 2],
            'scale': max(x2 - x1, y2 - y1) / 200})
    write_text(folder / 'annotations.json', json.dumps({
        'images': images, 'annotations': annotations,
        'categories': [{'id': 1, 'name': 'person'}]}))
    return {'type': 'Face300WDataset', 'data_root': str(folder),
            'ann_file': 'annotations.json', 'data_prefix': {'img': 'images/'}}
