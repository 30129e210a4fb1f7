"""Replace the face boxes of a test by those of a file."""

from collections import defaultdict
from collections.abc import Mapping
from os import PathLike

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.logging import MMLogger
from mmpose.structures.bbox import bbox_overlaps, bbox_xyxy2cs

from mmwing.datasets.formats.box_entries import (
    box_corners,
    entries,
    entry_key,
    face_entries,
)
from mmwing.datasets.formats.categories import CategoryError
from mmwing.datasets.formats.numbers import short
from mmwing.datasets.formats.problems import ProblemLog
from mmwing.files import printable, read_json
from mmwing.registry import TRANSFORMS

MISSING = ('error', 'keep')


@TRANSFORMS.register_module()
class BoxFromFile(BaseTransform):
    """Take the face box from a file in the place of the annotated one.

    MMPose's own ``bbox_file`` drops the annotations, and with them the landmarks that
    a test needs. This keeps them. Stands in front of ``GetBBoxCenterScale``, whose
    padding then applies to the box. ``bbox`` stays the annotated one, which errors
    may be normalised by: a figure must not improve because a detector's box is large.

    Required Keys: id, img_id, bbox (1, 4).

    Added or Modified Keys: bbox_center (1, 2), bbox_scale (1, 2).

    Args:
        bbox_file (str): JSON file: a COCO list of detections (``image_id``, ``bbox``
            as x, y, w, h in pixels), of which each face takes the one that overlaps
            most with its annotated box (crowds are left out, with a warning); or a
            COCO annotation file whose annotations have ``detector_bbox`` (x, y, w, h),
            as ``mmwing prepare`` writes it, which is found by ``id``. It is read as
            JSON, whatever its name.
        missing (str): What becomes of a face without a detection: ``'error'`` or
            ``'keep'``, which leaves the annotated box. Defaults to ``'error'``.

    Raises:
        ValueError: When the file holds no box, or detections of several categories,
            and for a face without a detection.
    """

    def __init__(self, bbox_file: str | PathLike, missing: str = 'error') -> None:
        if missing not in MISSING:
            raise ValueError(f'missing must be one of {MISSING}, got {missing!r}')
        self.bbox_file = str(bbox_file)
        self.missing = missing
        self._by_face: dict[int | str, np.ndarray] = {}
        self._by_image: dict[int | str, list[np.ndarray]] = defaultdict(list)
        log = ProblemLog()
        try:
            # As JSON whatever its name: readers of other formats may run code.
            content = read_json(bbox_file)
            if isinstance(content, dict):
                for where, face in entries(content.get('annotations'), 'annotations'):
                    if 'detector_bbox' in face:
                        key = entry_key(face, 'id', where)
                        if key in self._by_face:
                            raise ValueError(f'{where}: the id {short(key)} is there '
                                             'twice')
                        self._by_face[key] = box_corners(face['detector_bbox'], where)
            else:
                for where, detection in face_entries(
                        content, 'detections', printable(self.bbox_file), log):
                    self._by_image[entry_key(detection, 'image_id', where)].append(
                        box_corners(detection.get('bbox'), where))
        except CategoryError:
            raise
        except ValueError as error:
            raise ValueError(
                f'bbox_file {self.bbox_file!r} must be a JSON file, a list of COCO '
                f'detections or COCO annotations: {error}') from error
        for note in log.problems:
            MMLogger.get_current_instance().warning(f'{note.where}: {note.detail}')
        if not self._by_face and not self._by_image:
            raise ValueError(f'bbox_file {self.bbox_file!r} holds no box: neither '
                             "detections nor annotations with 'detector_bbox'")

    def transform(self, results: dict) -> dict:
        """See the class."""
        box = self.find(results)
        if box is None:
            if self.missing == 'keep':
                return results
            raise ValueError(
                f'bbox_file {self.bbox_file!r} has no box for face {results["id"]} of '
                f"image {results['img_id']}; missing='keep' takes the annotated one")
        center, size = bbox_xyxy2cs(box.astype(np.float32))
        results['bbox_center'] = center[None]
        results['bbox_scale'] = size[None]
        return results

    def find(self, results: Mapping) -> np.ndarray | None:
        """Box (4,) of a face as x1, y1, x2, y2; None when the file has none.

        Args:
            results: ``id``, ``img_id`` and ``bbox`` (1, 4) of the face.
        """
        if self._by_face:
            return self._by_face.get(results['id'])
        candidates = self._by_image.get(results['img_id'])
        if not candidates:
            return None
        overlaps = bbox_overlaps(torch.from_numpy(np.stack(candidates)),
                                 torch.from_numpy(results['bbox'].astype(float)))[:, 0]
        best = int(overlaps.argmax())
        return candidates[best] if overlaps[best] > 0 else None

    def __repr__(self) -> str:
        return (f'{type(self).__name__}(bbox_file={self.bbox_file!r}, '
                f'missing={self.missing!r})')
