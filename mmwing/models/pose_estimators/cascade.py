"""Estimate landmarks in two stages, the second on an aligned crop."""

from __future__ import annotations

import math
from collections.abc import Sequence
from os import PathLike

import numpy as np
import torch
from mmengine.structures import InstanceData
from mmpose.models.pose_estimators import TopdownPoseEstimator
from mmpose.models.pose_estimators.base import BasePoseEstimator
from torch import Tensor

from mmwing.arguments import check_flags, is_between, is_image_size
from mmwing.geometry import invert, transform_points
from mmwing.models.data_preprocessors.face_samples import labels_of
from mmwing.models.mean_shape import HasMeanShape, check_mean_shape
from mmwing.registry import MODELS

from .stage import (
    decode,
    keypoints_of,
    move_keypoints,
    num_joints_of,
    regress,
    regresses,
    samples_of,
    set_labels,
    size_of,
)
from .stage_crops import StageCrops

STAGE_KEYS = {'backbone', 'neck', 'head', 'init_cfg'}


@MODELS.register_module()
class CascadeEstimator(HasMeanShape, TopdownPoseEstimator):
    """Two networks, of which the second sees what the first has straightened.

    Feng et al. (CVPR 2018, section 6, "two-stage landmark localisation"): CNN-6
    predicts on 64x64 pixels; the similarity that maps its landmarks to the mean
    shape takes out the rotation in the image plane and centres the face; CNN-7
    predicts on 128x128 pixels of that. Its landmarks are mapped back by the exact
    inverse. Any MMPose backbone, neck and head will do for either stage.

    **What it is fed.** The pipeline cuts a *canvas*: the face box with some context
    (:class:`mmwing.FaceContext`), large enough that the second crop has real pixels in
    it (256x256 for a crop of 128x128). Stage 1 gets the central ``1 / context`` of
    the canvas, the face box itself, exactly what :class:`mmwing.FaceAffine` would
    cut; stage 2 gets its crop of the canvas, never of the small image. Both are cut
    on the device by :func:`crop`, which averages as many samples as the reduction
    needs. Labels, mean shape and MMPose's ``input_*`` keys are those of the canvas.

    **Training.** Both stages learn in one run, each by the loss of its own head in
    its own pixels, on labels that the codec of its own head encodes. Stage 2 sees
    the errors of stage 1 as they are, without gradient, and some jitter on top.
    Stage by stage: train the first by itself, e.g. CNN-6 with its ordinary config,
    then set ``stage1=dict(init_cfg=dict(type='Pretrained', checkpoint=...))`` and
    ``freeze_stage1=True``.

    **Fallback.** Where the prediction of stage 1 is not finite, has no extent, is
    more than three times too large or too small, centred outside the face box, or
    does not resemble the mean shape (which 68 points at random do not, but five often
    do), stage 2 gets the face box instead. ``fallbacks``, the number of such faces in
    the batch, is logged in training; ``fallback`` in ``pred_instances`` tells in a
    test.

    Args:
        stage1 (dict): ``backbone``, ``head``, and optionally ``neck`` and
            ``init_cfg``. The head needs a decoder, whose ``input_size`` is the size of
            the stage's crop.
        stage2 (dict): The same for the second stage.
        input_size (Sequence[int]): (w, h) of the canvas in pixels.
        context (float): Side of the canvas, in sides of the face box: the ``factor``
            of ``FaceContext`` in the pipeline. Defaults to 1.5.
        zoom (float): How much larger than in the face box an average face is in the
            crop of stage 2. Defaults to 1.
        rotation (float): Largest rotation in degrees that training adds to the crop
            of stage 2. Defaults to 10, the paper's.
        jitter (float): Largest displacement of the corners of that crop in training,
            as a fraction of its side. Defaults to 0.05, the paper's.
        mean_shape (array | str | Path): Normalised by the canvas' size, (K, 2); a file
            with it; or ``'auto'``, with which :class:`mmwing.MeanShapeHook` computes
            it. It also serves heads built with ``mean_shape='auto'`` that have none
            yet, each in its own crop. Stored in the checkpoint. Defaults to ``'auto'``.
        freeze_stage1 (bool): Whether stage 1 is left as it is: evaluation mode, no
            loss, no gradient. Defaults to False.
        train_cfg (dict, optional): Passed to the heads.
        test_cfg (dict, optional): ``flip_test`` averages in each stage; MMPose's other
            keys; ``num_stages=1`` returns what stage 1 says.
        backbone (dict, optional): Not used; those of the stages are. MMPose's
            ``init_model`` cannot do without the key: ``backbone=dict()`` in a config
            lets it load the model.
        data_preprocessor (dict, optional): As in MMPose; both stages share it.
        init_cfg (dict | list[dict], optional): As in MMPose.
        metainfo (dict, optional): As in MMPose.

    Raises:
        TypeError: If ``freeze_stage1`` is neither ``True`` nor ``False``.
        ValueError: If an argument is out of range or the stages do not fit together.
    """

    mean_shape: Tensor

    def __init__(self,
                 stage1: dict,
                 stage2: dict,
                 input_size: Sequence[int],
                 context: float = 1.5,
                 zoom: float = 1.,
                 rotation: float = 10.,
                 jitter: float = 0.05,
                 mean_shape: np.ndarray | Sequence | str | PathLike = 'auto',
                 freeze_stage1: bool = False,
                 train_cfg: dict | None = None,
                 test_cfg: dict | None = None,
                 backbone: dict | None = None,
                 data_preprocessor: dict | None = None,
                 init_cfg: dict | list[dict] | None = None,
                 metainfo: dict | None = None) -> None:
        if not is_image_size(input_size):
            raise ValueError('input_size must be (w, h), two positive integers, '
                             f'got {input_size!r}')
        for name, value, low, high in (('context', context, 1, math.inf),
                                       ('zoom', zoom, 1e-3, math.inf),
                                       ('rotation', rotation, 0, 180.1),
                                       ('jitter', jitter, 0, 0.5)):
            if not is_between(value, low, high) or value == high:
                raise ValueError(f'{name} must lie in [{low}, {high}), got {value!r}')
        if backbone:
            raise ValueError('backbone must be empty: a cascade has those of stage1 '
                             f'and stage2, got {backbone}')
        # Not the parent's own: that builds one backbone and one head, here are two.
        super(BasePoseEstimator, self).__init__(data_preprocessor, init_cfg)
        self.metainfo = self._load_metainfo(metainfo)
        self.train_cfg = train_cfg or {}
        self.test_cfg = test_cfg or {}
        if self.test_cfg.get('num_stages', 2) not in (1, 2):
            raise ValueError('test_cfg.num_stages must be 1 or 2, got '
                             f'{self.test_cfg["num_stages"]}')
        self.stage1 = self._build_stage('stage1', stage1)
        self.stage2 = self._build_stage('stage2', stage2)
        self.num_joints = num_joints_of(self.stage1.head)
        of_stage2 = num_joints_of(self.stage2.head)
        if of_stage2 != self.num_joints:
            raise ValueError(
                'both stages must have the same landmarks, but the head of stage1 has '
                f'{self.num_joints} and that of stage2 {of_stage2}')

        width, height = input_size
        self.input_size = width, height
        self.rotation = rotation
        self.jitter = jitter
        check_flags(freeze_stage1=freeze_stage1)
        self.freeze_stage1 = freeze_stage1
        if freeze_stage1:
            self.stage1.requires_grad_(False)
        self.crops = StageCrops(self.input_size, size_of(self.stage1),
                                size_of(self.stage2), context, zoom)
        self.register_mean_shape(mean_shape)
        self._register_load_state_dict_pre_hook(self._load_state_dict_pre_hook)

    @property
    def _head_cfg(self) -> dict:
        # A head that leaves landmarks out would leave them out of the alignment.
        return {key: value for key, value in self.test_cfg.items()
                if key not in ('num_stages', 'output_keypoint_indices',
                               'output_heatmaps')}

    def _build_stage(self, name: str, cfg: dict) -> TopdownPoseEstimator:
        unknown = set(cfg) - STAGE_KEYS
        if unknown or not {'backbone', 'head'} <= set(cfg):
            raise ValueError(f'{name} must have backbone and head, and may have neck '
                             f'and init_cfg; got {sorted(cfg)}')
        stage = TopdownPoseEstimator(**cfg, test_cfg=self._head_cfg)
        if getattr(stage.head.decoder, 'input_size', None) is None:
            raise ValueError(f'the head of {name} needs a decoder (a codec) with the '
                             "input_size of the stage's crop")
        return stage

    def train(self, mode: bool = True) -> CascadeEstimator:
        """Set the mode, and keep a frozen stage 1 in evaluation mode."""
        super().train(mode)
        if self.freeze_stage1:
            self.stage1.eval()
        return self

    # ------------------------------------------------------------ mean shape

    def set_mean_shape(self, mean_shape: np.ndarray | Sequence) -> None:
        """Fill the mean shape, and that of heads that wait for one.

        Args:
            mean_shape (array): Normalised by the canvas' size, (K, 2).

        Raises:
            ValueError: If it is not (K, 2), not finite, looks like pixels, or all
                its points coincide.
        """
        value = check_mean_shape(mean_shape, self.num_joints)
        if np.ptp(value, axis=0).max() < 1e-3:
            raise ValueError('mean_shape has all points in one place: nothing to '
                             'align a face to')
        super().set_mean_shape(value)
        mean = self.crops.mean_points(self.mean_shape)
        for stage, points, size in (
                (self.stage1, transform_points(self.crops.box_to_crop1, mean),
                 self.crops.size1),
                (self.stage2, self.crops.reference(self.mean_shape),
                 self.crops.size2)):
            if getattr(stage.head, 'needs_mean_shape', False):
                stage.head.set_mean_shape((points[0] / size).cpu().numpy())

    # ------------------------------------------------------------------ stages

    def _instances(self, stage: TopdownPoseEstimator, crops: Tensor,
                   data_samples: list) -> list[InstanceData]:
        """Predictions of a stage in pixels of its crops."""
        feats = stage.extract_feat(crops)
        samples = samples_of(stage, data_samples)
        if self.test_cfg.get('flip_test', False):
            feats = [feats, stage.extract_feat(crops.flip(-1))]
        return decode(stage, feats, samples, self._head_cfg)

    def _check_inputs(self, inputs: Tensor) -> None:
        if torch.jit.is_tracing():
            return
        width, height = self.input_size
        if tuple(inputs.shape[-2:]) != (height, width):
            raise ValueError(
                f'the cascade was built for a canvas of {width}x{height} pixels '
                f'(input_size), but got {inputs.shape[-1]}x{inputs.shape[-2]}: let '
                'FaceAffine of the pipeline cut that size')
        self.require_mean_shape()

    # --------------------------------------------------------- MMPose's modes

    def loss(self, inputs: Tensor, data_samples: list) -> dict[str, Tensor]:
        """Compute both stages' losses.

        Args:
            inputs (Tensor): Canvases, (N, C, H, W).
            data_samples (list[PoseDataSample]): With ``keypoint_labels`` normalised
                by the size of the canvas, as DirectRegressionLabel makes them, and
                ``keypoint_weights`` in ``gt_instance_labels``.

        Returns:
            dict[str, Tensor]: What the heads return, with ``stage1.`` and ``stage2.``
            in front of the names; and ``fallbacks``.

        Raises:
            ValueError: If the canvas has not the size that the model was built for.
            RuntimeError: If the mean shape has not been computed.
        """
        self._check_inputs(inputs)
        labels, weights = map(torch.cat, labels_of(data_samples))
        points = labels * self.crops.canvas

        losses = {}
        samples = samples_of(self.stage1, data_samples)
        if self.freeze_stage1:
            with torch.no_grad():
                feats = self.stage1.extract_feat(self.crops.crop1(inputs))
        else:
            feats = self.stage1.extract_feat(self.crops.crop1(inputs))
            set_labels(self.stage1, samples,
                       transform_points(self.crops.box_to_crop1, points), weights)
            losses.update(self._head_loss('stage1', feats, samples))
        with torch.no_grad():
            matrix, usable = self.crops.align(self._find(feats, samples, points),
                                              self.mean_shape)
            matrix = self.crops.jitter(matrix, self.jitter, self.rotation)

        feats = self.stage2.extract_feat(self.crops.crop2(inputs, matrix))
        samples = samples_of(self.stage2, data_samples)
        set_labels(self.stage2, samples, transform_points(matrix, points), weights)
        losses.update(self._head_loss('stage2', feats, samples))
        losses['fallbacks'] = (~usable).sum().to(points.dtype)
        return losses

    def _find(self, feats: tuple, samples: list, like: Tensor) -> Tensor:
        """What stage 1 finds, (N, K, 2) in pixels of the canvas."""
        if regresses(self.stage1.head):
            points = regress(self.stage1, feats, self.crops.size1)
        else:
            points = keypoints_of(decode(self.stage1, feats, samples, {}), like)
        return transform_points(invert(self.crops.box_to_crop1), points)

    def _head_loss(self, name: str, feats: tuple, samples: list) -> dict[str, Tensor]:
        head = getattr(self, name).head
        return {f'{name}.{key}': value for key, value in head.loss(
            feats, samples, train_cfg=self.train_cfg).items()}

    def predict(self, inputs: Tensor, data_samples: list) -> list:
        """Predict landmarks in pixels of the image.

        Args:
            inputs (Tensor): Canvases, (N, C, H, W).
            data_samples (list[PoseDataSample]): The samples.

        Returns:
            list[PoseDataSample]: The samples with ``pred_instances``: ``keypoints``
            (1, K, 2) and ``keypoint_scores`` of stage 2, ``keypoints_stage1`` (1, K,
            2), and ``fallback`` (1,), whether stage 1's were not used.

        Raises:
            ValueError: If the canvas has not the size that the model was built for.
            RuntimeError: If the mean shape has not been computed.
        """
        self._check_inputs(inputs)
        first = self._instances(self.stage1, self.crops.crop1(inputs), data_samples)
        points = move_keypoints(first, keypoints_of(first, inputs),
                                invert(self.crops.box_to_crop1))
        results = self.add_pred_to_datasample(first, None, data_samples)
        if self.test_cfg.get('num_stages', 2) == 1:
            return results
        of_stage1 = [sample.pred_instances.keypoints for sample in results]

        matrix, usable = self.crops.align(points, self.mean_shape)
        second = self._instances(self.stage2, self.crops.crop2(inputs, matrix),
                                 data_samples)
        move_keypoints(second, keypoints_of(second, inputs), invert(matrix))
        results = self.add_pred_to_datasample(second, None, data_samples)
        for sample, keypoints, ok in zip(results, of_stage1, usable.tolist(),
                                         strict=True):
            sample.pred_instances.keypoints_stage1 = keypoints
            sample.pred_instances.fallback = np.array([not ok])
        return results

    def _forward(self, inputs: Tensor, data_samples: list | None = None) -> Tensor:
        """The whole way in tensors: differentiable, without decoding or flip test.

        Args:
            inputs (Tensor): Canvases, (N, C, H, W).
            data_samples (list[PoseDataSample], optional): Not used.

        Returns:
            Tensor: Coordinates normalised by the size of the canvas, (N, K, 2).

        Raises:
            TypeError: If a head does not regress coordinates.
        """
        self._check_inputs(inputs)
        for stage in (self.stage1, self.stage2):
            if not regresses(stage.head):
                raise TypeError("mode='tensor' needs heads that regress coordinates in "
                                f'both stages, got {type(stage.head).__name__}; use '
                                "mode='predict'")
        feats = self.stage1.extract_feat(self.crops.crop1(inputs))
        points = transform_points(invert(self.crops.box_to_crop1),
                                  regress(self.stage1, feats, self.crops.size1))
        matrix, _ = self.crops.align(points, self.mean_shape)
        feats = self.stage2.extract_feat(self.crops.crop2(inputs, matrix))
        points = transform_points(invert(matrix),
                                  regress(self.stage2, feats, self.crops.size2))
        return points / self.crops.canvas

    def extract_feat(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Features of stage 1; those of stage 2 depend on what stage 1 finds."""
        return self.stage1.extract_feat(self.crops.crop1(inputs))
