"""Crop, augment and encode a batch of faces on the device of the model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.dist import get_rank
from mmengine.logging import MessageHub
from mmengine.structures import InstanceData, PixelData
from mmpose.codecs import RegressionLabel
from mmpose.datasets.transforms import GenerateTarget, PackPoseInputs
from mmpose.models.data_preprocessors import PoseDataPreprocessor
from mmpose.structures import PoseDataSample
from torch import Tensor

from mmwing.codecs import DirectRegressionLabel
from mmwing.datasets.canvases import CanvasFace, read_canvases
from mmwing.datasets.transforms import (
    FaceAffine,
    FaceContext,
    RandomColor,
    RandomFaceBox,
    RandomGaussianBlur,
    RandomOcclusion,
)
from mmwing.geometry import transform_points
from mmwing.models.resample import resample
from mmwing.registry import MODELS, TRANSFORMS
from mmwing.runtime.crops import MAX_SUPERSAMPLING, supersampled_warp

from .batch_blur import BatchBlur
from .batch_color import BatchColor
from .batch_occlusion import BatchOcclusion
from .face_boxes import BoxDraw, Warp, draw_boxes, no_draw, warp_of
from .face_samples import FaceSamples

#: Transforms of pixels -> the same for a batch.
PIXELS: dict[type, type] = {RandomColor: BatchColor, RandomGaussianBlur: BatchBlur,
                            RandomOcclusion: BatchOcclusion}


class BatchPipeline:
    """The transforms of a pipeline that a device takes over, from box to labels.

    Args:
        pipeline: Configs: optionally RandomFaceBox, FaceContext; FaceAffine; optionally
            RandomColor, RandomOcclusion, RandomGaussianBlur in any order;
            GenerateTarget.

    Raises:
        ValueError: Another transform is among them, or one is missing.
    """

    def __init__(self, pipeline: Sequence[dict]) -> None:
        steps = [TRANSFORMS.build(dict(step)) for step in pipeline]
        self.box: RandomFaceBox | None = _take(steps, RandomFaceBox)
        context = _take(steps, FaceContext)
        self.context: float = 1. if context is None else context.factor
        affine = _take(steps, FaceAffine)
        self.pixels = []
        while steps and type(steps[0]) in PIXELS:
            step = steps.pop(0)
            self.pixels.append(PIXELS[type(step)](step))
        target = _take(steps, GenerateTarget)
        if affine is None or target is None or steps:
            raise ValueError(
                'on the device a pipeline has, in this order, RandomFaceBox and '
                'FaceContext where wanted, FaceAffine, any of RandomColor, '
                'RandomOcclusion and RandomGaussianBlur, and GenerateTarget; got '
                f'{[str(step.get("type")) for step in pipeline]}. Leave out what is '
                'not among them, or train without augment_on_device')
        self.size: tuple[int, int] = affine.input_size
        self.antialias: bool = affine.antialias
        self.codec = _coordinate_codec(target)

    @property
    def jitter(self) -> float:
        """Largest displacement of a corner of the box, in sides."""
        return self.box.shift_factor if self.box else 0.

    @property
    def reach(self) -> float:
        """How far from the centre of a box a crop may look, in longer sides.

        The centre moves by as much as the sides do not grow.
        """
        angle = math.radians(min(self.box.rotate_factor, 45) if self.box else 0)
        aspect = max(self.size) / min(self.size)
        return (aspect * self.context * (0.5 + self.jitter)
                * (math.cos(angle) + math.sin(angle)))

    def draw(self, count: int, generator: torch.Generator) -> tuple[BoxDraw, list]:
        """Draw the boxes and what else is random of ``count`` faces."""
        box = (no_draw(count, generator.device) if self.box is None
               else draw_boxes(self.box, count, generator))
        return box, [step.draw(count, self.size, generator) for step in self.pixels]

    def samples(self, sides: np.ndarray) -> tuple[int, int]:
        """Fewest and most samples along an axis that FaceAffine may take.

        Args:
            sides: Of the boxes, (N, 2) in pixels of their canvases.
        """
        if not self.antialias:
            return 1, 1
        across = np.maximum(sides[:, 0], sides[:, 1] * self.size[0] / self.size[1])
        reduction = across * (self.context / self.size[0])
        # A float32 of the device may be rounded the other way.
        low = reduction.min() * (1 - 2 * self.jitter) + 0.5 - 1e-4
        high = reduction.max() * (1 + 2 * self.jitter) + 0.5 + 1e-4
        low, high = (min(max(1, math.floor(each)), MAX_SUPERSAMPLING)
                     for each in (low, high))
        return low, high


def _take(steps: list[BaseTransform], kind: type) -> Any:
    """The first step, taken from the list, if it is of the kind."""
    return steps.pop(0) if steps and type(steps[0]) is kind else None


def _coordinate_codec(target: GenerateTarget) -> DirectRegressionLabel:
    codec = target.encoder
    if target.use_dataset_keypoint_weights:
        raise ValueError('GenerateTarget(use_dataset_keypoint_weights=True) has no '
                         'counterpart on the device: train without augment_on_device')
    if type(codec) is RegressionLabel:
        return DirectRegressionLabel(codec.input_size, supervise_outside=False)
    if isinstance(codec, DirectRegressionLabel):
        return codec
    raise ValueError(
        f'{type(codec).__name__} encodes no coordinates, and on the device only '
        'coordinates are encoded (mmwing.DirectRegressionLabel, RegressionLabel): '
        'train without augment_on_device')


@MODELS.register_module()
class FaceAugmentor(PoseDataPreprocessor):
    """MMPose's data preprocessor, with the crop and the augmentation of a batch.

    It takes what :class:`mmwing.PackCanvas` packs: canvases, and where in them the
    faces are. In training it draws, warps, changes pixels and encodes labels as the
    per-sample transforms of the same settings do, all faces at once, by operations on
    the device that copy nothing to the host. Otherwise it crops the plain box, as
    :class:`mmwing.FaceAffine` does. Batches of any other pipeline go the way of
    ``PoseDataPreprocessor``, so that a model serves for both.

    For the same draws, landmarks and labels are those of the per-sample transforms to
    0.001 pixels of the input, and pixel values, of 0 to 255, differ by about 0.3 in the
    mean and by less than 2 for 99 in 100, because they are not rounded (on a CPU, where
    OpenCV makes the crop as for one face, once).

    What is drawn depends on the seed, the process and the iteration alone: a resumed
    training draws what it would have drawn. In training, the data samples have tensors
    on the device for what depends on draws: ``gt_instances.keypoints``,
    ``keypoints_visible`` and ``bbox_scales``; ``flip``, ``input_center`` and
    ``input_scale`` in the meta information.

    Args:
        pipeline (list[dict]): The transforms to take over, as in a pipeline:
            RandomFaceBox, FaceContext, FaceAffine, then RandomColor, RandomOcclusion,
            RandomGaussianBlur, and GenerateTarget with a codec of coordinates.
        seed (int, optional): Of the draws. Defaults to that of the runner.
        **kwargs: Those of ``PoseDataPreprocessor``, but ``batch_augments`` and
            ``pad_size_divisor``: faces are cropped to one size and are not padded.

    Raises:
        ValueError: A transform or an argument has no counterpart here.
    """

    def __init__(self, pipeline: Sequence[dict], seed: int | None = None,
                 **kwargs) -> None:
        for name, without in (('batch_augments', None), ('pad_size_divisor', 1)):
            if kwargs.get(name, without) != without:
                raise ValueError(
                    f'{name} has no counterpart on the device, got {kwargs[name]!r}: '
                    'leave it out, or train without augment_on_device')
        super().__init__(**kwargs)
        self.seed = seed
        self._calls = 0
        self._resident: dict[str, Tensor] = {}
        self._generator: torch.Generator | None = None
        self.set_pipeline(pipeline)

    def set_pipeline(self, pipeline: Sequence[dict]) -> None:
        """Take over another pipeline, for instance a milder one for the last epochs."""
        self.pipeline = BatchPipeline(pipeline)

    # --------------------------------------------------------------- a batch

    def forward(self, data: dict, training: bool = False) -> dict:
        """Prepare a batch.

        Args:
            data (dict): Of the data loader; with ``data_samples`` of
                :class:`mmwing.datasets.canvases.CanvasFace` the faces are cropped here.
            training (bool): Whether to augment and to encode labels.

        Returns:
            dict: ``inputs`` (N, 3, h, w), and ``data_samples`` as a list, in training
            as :class:`.face_samples.FaceSamples`.

        Raises:
            ValueError: Faces differ in the number of landmarks; or canvases are to
                stay on a device that has no room for them.
        """
        faces = data.get('data_samples')
        if not faces or not isinstance(faces[0], CanvasFace):
            return super().forward(data, training)
        canvases = self._canvases(data, faces)
        generator = self._seeded() if training else None
        draws = None if generator is None else self.pipeline.draw(
            len(faces), generator)
        keypoints, visible, warp = self._place(faces, draws and draws[0])
        images = self._crop(canvases, faces, warp)
        if draws is None:
            return {'inputs': self._normalise(images),
                    'data_samples': self._packed(faces)}
        for step, draw in zip(self.pipeline.pixels, draws[1], strict=True):
            images = step.apply(images, draw)
        return {'inputs': self._normalise(images),
                'data_samples': self._encode(faces, draws[0], keypoints, visible, warp)}

    def encode(self, faces: Sequence[CanvasFace],
               generator: torch.Generator) -> FaceSamples:
        """Draw and encode labels as for a training step, without pixels.

        Args:
            faces: The faces.
            generator: On the device of the model, to draw from.
        """
        draw, _ = self.pipeline.draw(len(faces), generator)
        return self._encode(faces, draw, *self._place(faces, draw))

    def _place(self, faces: Sequence[CanvasFace], draw: BoxDraw | None
               ) -> tuple[Tensor, Tensor, Warp]:
        """Landmarks (N, K, 2), visible (N, K), and the warp to the input."""
        counts = {len(face.keypoints) for face in faces}
        if len(counts) > 1:
            raise ValueError(
                f'faces of one batch have {sorted(counts)} landmarks, among them those '
                f'of {faces[0].info.get("img_path")!r}: correct the annotations')
        boxes = self._to_device(np.stack([
            np.concatenate([face.centre, face.sides]) for face in faces]))
        points = self._to_device(np.stack([
            np.concatenate([face.keypoints, face.visible[:, None]], -1)
            for face in faces]))
        if draw is None:
            draw = no_draw(len(faces), boxes.device)
        warp = warp_of(boxes[:, :2], boxes[:, 2:], draw, self.pipeline.context,
                       self.pipeline.size)
        return points[..., :2], points[..., 2], warp

    def _to_device(self, array: np.ndarray) -> Tensor:
        tensor = torch.from_numpy(array)
        if self.device.type == 'cuda':
            # From pinned memory the copy does not synchronise with the GPU.
            return tensor.pin_memory().to(self.device, non_blocking=True)
        return tensor.to(self.device)

    def _crop(self, canvases: Tensor, faces: Sequence[CanvasFace],
              warp: Warp) -> Tensor:
        fewest, most = self.pipeline.samples(np.stack([face.sides for face in faces]))
        factor = None if fewest == most else warp.reduction.round().clamp(fewest, most)
        if self._with_opencv:
            return _crop_with_opencv(canvases, warp.source, self.pipeline.size,
                                     [most] * len(faces) if factor is None
                                     else factor.int().tolist())
        images = canvases.permute(0, 3, 1, 2).float()
        return resample(images, warp.source, self.pipeline.size, most, factor)

    @property
    def _with_opencv(self) -> bool:
        """Whether OpenCV warps face by face, which a CPU does faster."""
        return self.device.type == 'cpu'

    def _normalise(self, images: Tensor) -> Tensor:
        if self._channel_conversion:
            images = images[:, [2, 1, 0]]
        if self._enable_normalize:
            images = (images - self.mean) / self.std
        return images

    # --------------------------------------------------------------- samples

    def _encode(self, faces: Sequence[CanvasFace], draw: BoxDraw, keypoints: Tensor,
                visible: Tensor, warp: Warp) -> FaceSamples:
        order = self._flip_order(faces[0], keypoints)
        mirrored = draw.mirrored[:, None]
        keypoints = torch.where(mirrored[..., None], keypoints[:, order], keypoints)
        visible = torch.where(mirrored, visible[:, order], visible)
        encoded = self.pipeline.codec.encode_batch(
            transform_points(warp.target, keypoints), (visible > 0.5).float())
        width, height = self.pipeline.size
        shifts = self._to_device(np.stack([face.matrix[:, 2] for face in faces]
                                          ).astype(np.float32))

        def make(index: int) -> PoseDataSample:
            face = faces[index]
            scale, shift = face.matrix[0, 0], shifts[index]
            centre = (warp.centre[index] - shift) / scale
            sides = warp.sides[index] / scale
            sample = PoseDataSample(metainfo={
                **_meta(face),
                'img_shape': face.info.get('ori_shape'),
                'input_size': self.pipeline.size, 'input_center': centre,
                'input_scale': sides, 'flip': draw.mirrored[index],
                'batch_input_shape': (height, width), 'pad_shape': (height, width)})
            sample.gt_instances = InstanceData(
                bboxes=face.info.get('bbox'), bbox_scores=face.info.get('bbox_score'),
                keypoints=(keypoints[index:index + 1] - shift) / scale,
                keypoints_visible=visible[index:index + 1], bbox_scales=sides[None])
            sample.gt_instance_labels = InstanceData(
                **{name: value[index:index + 1] for name, value in encoded.items()})
            sample.gt_fields = PixelData()
            return sample

        return FaceSamples(len(faces), make, **encoded)

    def _flip_order(self, face: CanvasFace, keypoints: Tensor) -> Tensor:
        count = keypoints.shape[1]
        order = face.info.get('flip_indices')
        if order is None:
            if self.pipeline.box is not None and self.pipeline.box.flip_prob > 0:
                raise KeyError(
                    'RandomFaceBox needs flip_indices to mirror a face: give the data '
                    'set metainfo with swapped points, or set flip_prob=0')
            order = range(count)
        if len(order) != count:
            raise ValueError(
                f'{face.info.get("img_path")!r} is annotated with {count} landmarks, '
                f'but the data set describes {len(order)} (flip_indices in its '
                'metainfo): choose the data set type or the metainfo of these '
                'landmarks, or correct the annotation')
        return self._to_device(np.asarray(order, np.int64))

    def _packed(self, faces: Sequence[CanvasFace]) -> list[PoseDataSample]:
        """Samples for a test, as PackPoseInputs makes them."""
        width, height = self.pipeline.size
        samples = []
        for face in faces:
            sides = np.asarray(face.info['bbox_scale'][0]) * self.pipeline.context
            across = max(sides[0], sides[1] * width / height)
            sides = np.array([across, across * height / width], np.float32)
            info = {**face.info, 'img': _NO_PICTURE, 'input_size': (width, height),
                    'img_shape': face.info.get('ori_shape'),
                    'input_center': np.asarray(face.info['bbox_center'][0]),
                    'input_scale': sides, 'bbox_scale': sides[None]}
            sample = _PACK(info)['data_samples']
            sample.set_metainfo({'batch_input_shape': (height, width),
                                 'pad_shape': (height, width),
                                 **_meta(face)})
            samples.append(sample)
        return samples

    # ---------------------------------------------------------------- state

    def _seeded(self) -> torch.Generator:
        """A generator for this iteration of this process."""
        hub = MessageHub.get_current_instance()
        seed = hub.get_info('seed', 0) if self.seed is None else self.seed
        iteration = hub.get_info('iter', None)
        if iteration is None:  # without a runner
            iteration, self._calls = self._calls, self._calls + 1
        state = np.random.SeedSequence([seed or 0, get_rank(), iteration]
                                       ).generate_state(1, np.uint64)[0]
        if self._generator is None or self._generator.device != self.device:
            self._generator = torch.Generator(self.device)
        return self._generator.manual_seed(int(state >> 1))

    def _canvases(self, data: dict, faces: Sequence[CanvasFace]) -> Tensor:
        """(N, size, size, 3) uint8, on the device."""
        if 'inputs' in data:
            canvases = torch.stack(list(data['inputs']))
            if self.device.type == 'cuda':
                return canvases.pin_memory().to(self.device, non_blocking=True)
            return canvases.to(self.device)
        files = {face.file for face in faces}
        for file in files - set(self._resident):
            self._resident[str(file)] = self._upload(str(file))
        places = [face.index for face in faces]
        if len(files) == 1:
            return self._resident[str(files.pop())][self._to_device(np.array(places))]
        return torch.stack([self._resident[str(face.file)][face.index]
                            for face in faces])

    def _upload(self, file: str) -> Tensor:
        canvases = read_canvases(Path(file))
        if self.device.type != 'cuda':
            return torch.from_numpy(canvases).to(self.device)
        free = torch.cuda.mem_get_info(self.device)[0]
        if canvases.nbytes > 0.8 * free:
            raise ValueError(
                f'the canvases of {file} take {canvases.nbytes / 1e9:.3g} GB, of which '
                f'the device has {free / 1e9:.3g} GB free: set resident=False, which '
                'hands them over batch by batch, or take a smaller canvas size')
        return torch.from_numpy(canvases).to(self.device)


def _crop_with_opencv(canvases: Tensor, source: Tensor, size: tuple[int, int],
                      factors: Sequence[int]) -> Tensor:
    """:func:`mmwing.models.resample.resample`, rounded to whole grey values."""
    crops = [supersampled_warp(canvas, cv2.invertAffineTransform(matrix), size, factor)
             for canvas, matrix, factor in zip(
                 canvases.numpy(), source.double().numpy(), factors, strict=True)]
    return torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).float()


def _meta(face: CanvasFace) -> dict:
    """Meta information that does not depend on the crop."""
    return {key: value for key, value in face.info.items()
            if key not in _NOT_META}


_NOT_META = {*PackPoseInputs.instance_mapping_table, 'bbox_center'}
_PACK = PackPoseInputs()
_NO_PICTURE = np.zeros((1, 1, 3), np.uint8)
