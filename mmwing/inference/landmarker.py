"""Find the landmarks of faces in images."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import DefaultScope
from mmpose.structures import PoseDataSample
from torch import nn

from mmwing.arguments import check_flags
from mmwing.config.looks import looks_of
from mmwing.models.pose_estimators.stage import has_scores, last_head
from mmwing.runtime import Detector, Face
from mmwing.runtime.landmarker import Landmarker, Located, batches

from .box_convention import boxes_of_data
from .checkpoint_config import find_test_pipeline
from .models import check_device, load_model


class FaceLandmarker(Landmarker):
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
            (see :class:`mmwing.runtime.Detector`), or None. By default, ``'auto'``,
            the first of these that is installed.
        device: Where the model runs: ``'cpu'``, ``'cuda'``, ``'cuda:1'`` … By default
            on an accelerator, if there is one.
        batch_size: Faces that go through the model at once.
        flip_test: Whether a face and its mirror image are averaged. By default as the
            config says.
        looks: How many times the model looks at a face. Landmarks that were found in a
            rough box are found better in the box around themselves: a second look
            costs as much as the first. For models that were trained with such boxes, as
            those of mmwing's configs on 300-W and painted faces. By default as the
            config says (``model.test_cfg.looks``), else 1.

    Raises:
        FileNotFoundError: If there is no such model, checkpoint or config.
        ValueError: If no config is known, the weights do not fit it, or an argument is
            out of range.
        pickle.UnpicklingError: If the checkpoint is damaged or holds Python objects.
        TypeError: If a module was not built by MMPose, ``flip_test`` is neither true
            nor false, or ``config`` or ``detector`` is none.
        ImportError: If the detector is not installed.

    Example::

        landmarker = mmwing.FaceLandmarker('work_dirs/my_model')
        for face in landmarker('photo.jpg'):
            print(face.keypoints)
    """

    def __init__(self, model: str | os.PathLike | nn.Module | None = None,
                 config: str | os.PathLike | Config | None = None, *,
                 detector: str | Detector | None = 'auto', device: str | None = None,
                 batch_size: int = 32, flip_test: bool | None = None,
                 looks: int | None = None) -> None:
        super().__init__(detector, batch_size, 1 if looks is None else looks)
        if flip_test is not None:
            check_flags(flip_test=flip_test)
        if not isinstance(model, nn.Module):
            model = load_model(model, config, device)
        elif not hasattr(model, 'cfg') or not hasattr(model, 'dataset_meta'):
            raise TypeError("model must be a name, a file, or what MMPose's init_model "
                            f'has built; this {type(model).__name__} has no cfg and '
                            'dataset_meta')
        elif device is not None:
            model = model.to(check_device(device))
        # MMPose's models have more than nn.Module.
        self.model = cast(Any, model.eval())
        if flip_test is not None:
            # Its weights are shared, its settings are the caller's.
            self.model = copy.copy(self.model)
            self.model.test_cfg = {**(self.model.test_cfg or {}),
                                   'flip_test': flip_test}
        if looks is None:
            self.looks = looks_of(self.model.cfg)
        self._has_scores = has_scores(last_head(self.model))
        self._scope = self.model.cfg.get('default_scope', 'mmpose')
        with DefaultScope.overwrite_default_scope(self._scope):
            self._pipeline = Compose(find_test_pipeline(self.model.cfg))

    @property
    def dataset_meta(self) -> dict:
        """Names, mirror pairs and links of the landmarks, as MMPose keeps them."""
        return self.model.dataset_meta

    @property
    def training_boxes(self) -> str | None:
        """Which boxes the model was trained with, in words; None if not known."""
        told = getattr(self.model, 'card', {}).get('boxes')
        loader = self.model.cfg.get('train_dataloader')
        return boxes_of_data(loader['dataset']) if told is None and loader else told

    def _predict(self, faces: Iterator[Located]) -> Iterator[tuple[int, Face]]:
        # Cut at once: a batch of images would fill the memory.
        cut = ((face.image_index, face.box, face.score, self._sample(face))
               for face in faces)
        for batch in batches(cut, self.batch_size):
            data = pseudo_collate([sample for *_, sample in batch])
            with (DefaultScope.overwrite_default_scope(self._scope),
                  torch.inference_mode()):
                outputs = self.model.test_step(data)
            for (index, box, score, _), output in zip(batch, outputs, strict=True):
                yield index, self._face(output, box, score)

    def _sample(self, face: Located) -> dict:
        """A crop, packed for the model."""
        sample = {'img': face.image, 'bbox': face.box[None],
                  'bbox_score': np.ones(1, np.float32), **self.dataset_meta}
        with DefaultScope.overwrite_default_scope(self._scope):
            return self._pipeline(sample)

    def _face(self, output: PoseDataSample, box: np.ndarray, score: float) -> Face:
        found = output.pred_instances
        keypoints = np.array(found.keypoints[0, :, :2], np.float32)
        scores = np.array(found.keypoint_scores[0], np.float32)
        # MMPose's codec of coordinates fills in ones where nothing was predicted.
        if not self._has_scores:
            scores[:] = np.nan
        return Face(keypoints, scores, box, score)
