"""A data set whose pictures are canvases, cut once out of the photos."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset

from mmwing.arguments import check_flags
from mmwing.datasets.canvases import CanvasStore
from mmwing.registry import DATASETS

from .annotation import annotation_of

#: What MMPose's data sets put into each sample beside its annotation.
SHARED = ('dataset_name', 'upper_body_ids', 'lower_body_ids', 'flip_pairs',
          'dataset_keypoint_weights', 'flip_indices', 'skeleton_links')

#: Transforms that need no pixels and may stand before the crop.
WITHOUT_PIXELS = (
    'BoxError', 'BoxFromFile', 'FaceContext', 'GetBBoxCenterScale', 'KeepLandmarks',
    'LabelNoise', 'LoadCachedImage', 'LoadImage', 'RandomBBoxTransform',
    'RandomFaceBox', 'RemoveLabelOffset')
#: Transforms that crop out of a canvas, or hand it on to what does.
CROPS = ('FaceAffine', 'PackCanvas')


@DATASETS.register_module()
class CanvasDataset(BaseDataset):
    """Any top-down data set, read from canvases instead of photos.

    A canvas is a square around the face with enough of its surroundings for rotation,
    jitter and the crop of a second stage. All are cut once and kept in one file, see
    :class:`mmwing.datasets.canvases.CanvasStore`; photos are decoded no finer than
    needed, and shrunk without aliasing.

    The pipeline stays as it is: landmarks and boxes are those of the photo, and
    ``canvas_matrix`` tells :class:`mmwing.FaceAffine` where in the canvas the photo's
    pixels are. Or it ends in :class:`mmwing.PackCanvas`, which leaves the crop to
    :class:`mmwing.FaceAugmentor` on the device.

    Args:
        dataset: Config of the data set, or the data set. Its own pipeline is not used.
        pipeline: As in MMEngine. In front of ``FaceAffine`` or ``PackCanvas``, one of
            which it must have, only transforms that need no pixels may stand.
        size: Side of the canvases in pixels.
        context: Side of what a canvas shows, in longer sides of the annotated box.
        cache_dir: Folder of the file, made where it is missing. Canvases in a folder
            ``canvases`` of the data set's ``data_root``, where ``mmwing prepare`` puts
            them, are found there. ``None`` keeps no file: canvases are cut whenever
            they are used.
        max_gigabytes: Limit for all canvas files in ``cache_dir``. Defaults to 10.
        resident: For pipelines that end in ``PackCanvas``: samples hold no pixels but
            tell ``FaceAugmentor`` the file, which it keeps on the device. Defaults to
            ``False``.
        test_mode: As in MMEngine.
        lazy_init: As in MMEngine.
        max_refetch: As in MMEngine.

    Raises:
        TypeError: ``resident`` is neither ``True`` nor ``False``.
        ValueError: A transform needs the photo, or an argument does not fit.
        FileNotFoundError: A photo is missing.
        OSError: The file cannot be written; says what would do.
    """

    def __init__(self, dataset: dict | BaseDataset,
                 pipeline: Sequence[dict | Callable], size: int, context: float,
                 cache_dir: str | os.PathLike | None = 'work_dirs/canvases',
                 max_gigabytes: float = 10., resident: bool = False,
                 test_mode: bool = False, lazy_init: bool = False,
                 max_refetch: int = 1000) -> None:
        check_flags(resident=resident)
        if isinstance(dataset, dict):
            dataset = DATASETS.build(dict(dataset, lazy_init=True))
        if resident and cache_dir is None:
            raise ValueError('resident=True needs a cache_dir: the device reads the '
                             'canvases from the file')
        self.dataset = dataset
        self.size = size
        self.context = context
        self.cache_dir = cache_dir
        self.max_gigabytes = max_gigabytes
        self.resident = resident
        self._fully_initialized = False
        super().__init__(pipeline=list(pipeline), test_mode=test_mode, lazy_init=True,
                         max_refetch=max_refetch, serialize_data=False)
        self._metainfo = dataset.metainfo
        self._shared = {key: self._metainfo[key] for key in SHARED
                        if key in self._metainfo}
        self._check_pipeline()
        if not lazy_init:
            self.full_init()

    def _check_pipeline(self) -> None:
        names = [type(step).__name__ for step in self.pipeline.transforms]
        for name in names:
            if name in CROPS:
                return
            if name not in WITHOUT_PIXELS:
                raise ValueError(
                    f'{name} stands before the crop and may need the photo, of which '
                    'there is but a canvas: move it behind FaceAffine, or do without '
                    'canvases')
        raise ValueError(f'a pipeline on canvases must have one of {CROPS}, got '
                         f'{names}')

    def full_init(self) -> None:
        """Load the annotations; find the canvases, or cut them."""
        if self._fully_initialized:
            return
        self.dataset.full_init()
        paths, boxes = [], []
        for index in range(len(self.dataset)):
            info = annotation_of(self.dataset, index)
            box, path = _box(info), info.get('img_path')
            if box.shape != (1, 4) or not path:
                raise ValueError(
                    'CanvasDataset needs a top-down data set with an image file and '
                    f'one box (1, 4) in each sample; sample {index} ({path}) has boxes '
                    f'of shape {box.shape}')
            paths.append(str(path))
            boxes.append(box[0])
        if not paths:
            raise ValueError('CanvasDataset got an empty data set')
        self.store = CanvasStore(
            paths, np.stack(boxes), self.size, self.context, self.cache_dir,
            self.max_gigabytes, self._prepared())
        self._fully_initialized = True

    def _prepared(self) -> list[Path]:
        dataset: Any = self.dataset
        while not hasattr(dataset, 'data_root') and hasattr(dataset, 'dataset'):
            dataset = dataset.dataset
        root = getattr(dataset, 'data_root', None)
        return [Path(root) / 'canvases'] if root else []

    def __len__(self) -> int:
        return len(self.dataset)

    def get_cat_ids(self, idx: int) -> list[int]:
        """As the wrapped data set."""
        return self.dataset.get_cat_ids(idx)

    def get_data_info(self, idx: int) -> dict:
        """The annotation, with ``canvas_matrix`` (2, 3) but without pixels."""
        self.full_init()
        info = annotation_of(self.dataset, idx)
        info.pop('img', None)
        info.update(self._shared, canvas_matrix=self.store.regions.matrix(idx))
        return info

    def prepare_data(self, idx: int) -> Any:
        """Take a face and its canvas through the pipeline."""
        info = self.get_data_info(idx)
        info['canvas_index'] = idx
        info['canvas_size'] = self.size
        if self.resident:
            info['canvas_file'] = str(self.store.file)
            info['ori_shape'] = self.store.photo_shape(idx)
        else:
            info['img'], info['ori_shape'] = self.store.read(idx)
        return self.pipeline(info)


def _box(info: dict) -> np.ndarray:
    """The boxes (n, 4) that ``GetBBoxCenterScale`` starts from."""
    if 'bbox_center' in info and 'bbox_scale' in info:
        half = info['bbox_scale'] / 2
        return np.concatenate([info['bbox_center'] - half, info['bbox_center'] + half],
                              -1)
    return np.asarray(info['bbox'])
