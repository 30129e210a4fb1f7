"""Measure how a detector's boxes lie relative to those that models are trained with."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import DATASETS, DefaultScope
from mmpose.structures.bbox import bbox_overlaps, bbox_xyxy2cs
from scipy.stats import trim_mean

from mmwing.config.points import metainfo_of
from mmwing.runtime.detectors import BoxMap, Detector
from mmwing.walk import datasets, with_pipelines

from .box_convention import boxes_of_data

# Less overlap than this is another face, or none.
_MIN_IOU = 0.3


def training_boxes(cfg: Config, split: str, number: int | None = None
                   ) -> Iterator[tuple[np.ndarray, np.ndarray, int | str]]:
    """Images of a config's data, with the boxes that faces are cropped by.

    Args:
        cfg: The config of a run.
        split: ``'train'``, ``'val'`` or ``'test'``.
        number: How many, evenly spaced; by default all.

    Yields:
        The image (H, W, 3), BGR; the square box (4,), x1, y1, x2, y2: what the
        pipeline has before ``GetBBoxCenterScale`` pads it, made square by its longer
        side as the crop is; and the image's id.

    Raises:
        ValueError: If the config has no such split, or a pipeline does not crop by
            ``GetBBoxCenterScale``.
    """
    loader = cfg.get(f'{split}_dataloader')
    if not loader:
        raise ValueError(f'the config has no {split}_dataloader')
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'mmpose')):
        for _, config in datasets(with_pipelines(loader['dataset'], _before_the_box)):
            dataset = DATASETS.build(copy.deepcopy(config))
            count = len(dataset) if number is None else min(number, len(dataset))
            for index in np.linspace(0, len(dataset) - 1, count).astype(int):
                sample = dataset[int(index)]
                if 'bbox_center' in sample:
                    center, size = sample['bbox_center'][0], sample['bbox_scale'][0]
                else:
                    center, size = bbox_xyxy2cs(sample['bbox'][0])
                half = max(size) / 2
                yield (sample['img'], np.concatenate([center - half, center + half]),
                       sample['img_id'])


def _before_the_box(pipeline: list) -> list:
    names = [step['type'] for step in pipeline]
    if 'GetBBoxCenterScale' not in names:
        raise ValueError(f'the pipeline has no GetBBoxCenterScale: {names}')
    return pipeline[:names.index('GetBBoxCenterScale')]


@dataclass(frozen=True, eq=False)
class BoxRelation:
    """Detected boxes of N faces beside the boxes that their crops are made by.

    Attributes:
        detected: (N, 4), x1, y1, x2, y2 in pixels; NaN where no face was found.
        trained: (N, 4), square.
        others: How many further boxes the detector gave.
        images: Ids of the faces' images, N.
    """

    detected: np.ndarray
    trained: np.ndarray
    others: int
    images: Sequence[int | str]

    @property
    def found(self) -> np.ndarray:
        """Which faces were found, (N,)."""
        return np.isfinite(self.detected[:, 0])

    def fit(self) -> BoxMap:
        """The map of least error: means without the tenth at either end.

        Raises:
            ValueError: If the detector has found no face.
        """
        if not self.found.any():
            raise ValueError('the detector has found none of the '
                             f'{len(self.detected)} faces')
        x, y, scale = trim_mean(_relation(self.detected, self.trained)[self.found], 0.1)
        return BoxMap((round(float(x), 3), round(float(y), 3)), round(float(scale), 3))

    def detections(self, box_map: BoxMap) -> list[dict]:
        """The faces that were found, as COCO has detections.

        Args:
            box_map: What is made of the detector's boxes.

        Returns:
            ``image_id`` and ``bbox`` (x, y, w, h) of each: what
            :class:`mmwing.BoxFromFile` reads.
        """
        return [{'image_id': image, 'bbox': [*box[:2].tolist(),
                                             *(box[2:] - box[:2]).tolist()]}
                for image, box, found in zip(self.images, box_map(self.detected),
                                             self.found, strict=True) if found]

    def errors(self, box_map: BoxMap) -> np.ndarray:
        """What a map leaves, of the faces that were found.

        Returns:
            (M, 4): the centre's error in x and y, in sides of the training box; the
            ratio of the sides; and the intersection over union.
        """
        trained = self.trained[self.found]
        mapped = box_map(self.detected[self.found])
        relation = _relation(trained, mapped)
        return np.column_stack([relation, _iou(mapped, trained)])


def measure_detector(detector: Detector,
                     faces: Iterable[tuple[np.ndarray, np.ndarray, int | str]]
                     ) -> BoxRelation:
    """Run a detector on images of known faces.

    Args:
        detector: The detector; its ``box_map`` is not applied.
        faces: Images, boxes and ids as :func:`training_boxes` yields them.

    Returns:
        Its boxes. Of several that it finds in an image the one counts that overlaps
        most with the known box.
    """
    detected, trained, images, others = [], [], [], 0
    for image, box, image_id in faces:
        found, _ = detector.detect(np.ascontiguousarray(image[..., ::-1]))
        best = np.full(4, np.nan)
        others += len(found)
        if len(found):
            overlap = _iou(found, np.tile(box, (len(found), 1)))
            if overlap.max() >= _MIN_IOU:
                best, others = found[overlap.argmax()], others - 1
        detected.append(best)
        trained.append(box)
        images.append(image_id)
    return BoxRelation(np.array(detected), np.array(trained), others, images)


def named_map(box_map: BoxMap, cfg: Config, split: str) -> BoxMap:
    """A map that says what it was fitted to, so that a landmarker can compare.

    Args:
        box_map: Fitted to the boxes of ``cfg``.
        cfg: The config of a run.
        split: ``'train'``, ``'val'`` or ``'test'``.

    Returns:
        The map with the data set's name, unless several of other names are joined, and
        its boxes in words.
    """
    dataset = cfg[f'{split}_dataloader'].dataset
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'mmpose')):
        names = {(metainfo_of(each) or {}).get('dataset_name')
                 for _, each in datasets(dataset)}
    name = names.pop() if len(names) == 1 else None
    return dataclasses.replace(box_map, dataset=name, boxes=boxes_of_data(dataset))


def _relation(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Where the centres of others are, and their sides, in sides of boxes; (N, 3)."""
    side, other_side = (np.sqrt((each[:, 2:] - each[:, :2]).prod(1, keepdims=True))
                        for each in (boxes, others))
    shift = (others[:, :2] + others[:, 2:] - boxes[:, :2] - boxes[:, 2:]) / 2
    return np.hstack([shift, other_side]) / side


def _iou(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of each box (N, 4) with the other at its place."""
    return bbox_overlaps(torch.as_tensor(boxes), torch.as_tensor(others),
                         is_aligned=True).numpy()


def describe_relation(relation: BoxRelation, box_map: BoxMap) -> str:
    """What a map leaves of the difference, in a few lines."""
    x, y, side, overlap = relation.errors(box_map).T
    lowest, median = np.percentile(overlap, [5, 50])
    return (f'{relation.found.sum()} of {len(relation.found)} faces found, '
            f'{relation.others} other boxes\n'
            f'  centre, in sides of the training box: x {x.mean():+.3f} ± '
            f'{x.std():.3f}, y {y.mean():+.3f} ± {y.std():.3f}\n'
            f'  side, in sides of the training box: {side.mean():.3f} ± '
            f'{side.std():.3f}\n'
            f'  intersection over union: median {median:.3f}, lowest 5 % below '
            f'{lowest:.3f}')
