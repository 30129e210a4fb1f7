"""Give the head of a cascade's stage its labels, and take its landmarks."""

from __future__ import annotations

import numpy as np
import torch
from mmengine.structures import InstanceData, PixelData
from mmpose.codecs import RegressionLabel
from mmpose.models.heads import BaseHead, RegressionHead, RLEHead
from mmpose.models.pose_estimators import TopdownPoseEstimator
from mmpose.structures import PoseDataSample
from torch import Tensor, nn

from mmwing.codecs import DirectRegressionLabel
from mmwing.geometry import scale_of, transform_points


def size_of(stage: TopdownPoseEstimator) -> tuple[int, int]:
    """(w, h) of a stage's crop."""
    width, height = stage.head.decoder.input_size
    return width, height


def num_joints_of(head: BaseHead) -> int:
    """Number of landmarks; heads of heat maps call it ``out_channels``."""
    return getattr(head, 'num_joints', None) or head.out_channels


def samples_of(stage: TopdownPoseEstimator, data_samples: list) -> list[PoseDataSample]:
    """Samples whose meta information is that of the stage's crop.

    Args:
        stage (TopdownPoseEstimator): Whose head they are for.
        data_samples (list[PoseDataSample]): Those of the canvas.
    """
    width, height = size_of(stage)
    samples = []
    for data_sample in data_samples:
        sample = PoseDataSample(metainfo=data_sample.metainfo)
        sample.set_metainfo({'input_size': (width, height),
                             'batch_input_shape': (height, width)})
        samples.append(sample)
    return samples


def set_labels(stage: TopdownPoseEstimator, samples: list[PoseDataSample],
               points: Tensor, weights: Tensor) -> None:
    """Encode labels by the codec of a stage's head, into its samples.

    Coordinates are encoded as tensors. The codecs of other heads (heat maps, SimCC)
    are numpy's, one sample after the other.

    Args:
        stage (TopdownPoseEstimator): Whose head it is.
        samples (list[PoseDataSample]): See :func:`samples_of`.
        points (Tensor): Landmarks in pixels of the crops, (N, K, 2).
        weights (Tensor): Their weights, (N, K), 0 where not annotated.
    """
    codec = _coordinate_codec(stage.head)
    if codec is None:
        _set_numpy_labels(stage.head.decoder, samples, points, weights)
        return
    encoded = codec.encode_batch(points.detach(), weights)
    for index, sample in enumerate(samples):
        sample.gt_instance_labels = InstanceData(
            **{name: value[index:index + 1] for name, value in encoded.items()})
        sample.gt_fields = PixelData()


def _coordinate_codec(head: BaseHead) -> DirectRegressionLabel | None:
    """The codec of a head that regresses coordinates, one that encodes tensors."""
    codec = head.decoder
    if type(codec) is RegressionLabel:
        return DirectRegressionLabel(codec.input_size, supervise_outside=False)
    return codec if isinstance(codec, DirectRegressionLabel) else None


def _set_numpy_labels(codec, samples: list[PoseDataSample], points: Tensor,
                      weights: Tensor) -> None:
    device = points.device
    for sample, point, weight in zip(samples, points.detach().cpu().numpy(),
                                     weights.cpu().numpy(), strict=True):
        encoded = codec.encode(
            keypoints=point[None],
            keypoints_visible=(weight > 0)[None].astype(np.float32))
        encoded['keypoint_weights'] = encoded['keypoint_weights'] * weight
        sample.gt_instance_labels = InstanceData()
        for key, name in codec.label_mapping_table.items():
            sample.gt_instance_labels.set_field(
                torch.as_tensor(encoded[key], device=device), name)
        sample.gt_fields = PixelData()
        for key, name in getattr(codec, 'field_mapping_table', {}).items():
            sample.gt_fields.set_field(
                torch.as_tensor(encoded[key], device=device), name)


def regresses(head: BaseHead) -> bool:
    """Whether the output of a head is coordinates normalised by its input size."""
    return (isinstance(head, (RegressionHead, RLEHead))
            and _coordinate_codec(head) is not None)


def last_head(model: nn.Module) -> nn.Module | None:
    """The head whose landmarks a model gives; of a cascade that of the last stage."""
    if hasattr(model, 'stage2'):
        one = (getattr(model, 'test_cfg', None) or {}).get('num_stages', 2) == 1
        return last_head(getattr(model, 'stage1' if one else 'stage2'))
    return getattr(model, 'head', None)


def has_scores(head: nn.Module | None) -> bool:
    """Whether a head has scores; regression of coordinates alone gives ones."""
    if isinstance(getattr(head, 'decoder', None), RegressionLabel):
        return (isinstance(head, RLEHead)
                or getattr(head, 'confidence', None) is not None)
    return True


def regress(stage: TopdownPoseEstimator, feats: tuple, size: Tensor) -> Tensor:
    """Landmarks (N, K, 2) of a head that :func:`regresses`, as tensors.

    Args:
        stage (TopdownPoseEstimator): The stage.
        feats (tuple[Tensor]): Features of its crops.
        size (Tensor): (w, h) of the crops, (2,): the unit of the result is pixels.
    """
    coords = stage.head(feats)[..., :2]
    # Half precision is half a pixel off at 256 pixels.
    return coords.to(torch.promote_types(coords.dtype, torch.float32)) * size


def decode(stage: TopdownPoseEstimator, feats: tuple | list, samples: list,
           test_cfg: dict) -> list[InstanceData]:
    """Predictions of any head in pixels of the crops, through its codec."""
    preds = stage.head.predict(feats, samples, test_cfg=test_cfg)
    return preds[0] if isinstance(preds, tuple) else preds


def keypoints_of(instances: list[InstanceData], like: Tensor) -> Tensor:
    """Landmarks (N, K, 2), float32, of a batch of one face a sample."""
    keypoints = np.concatenate([np.asarray(i.keypoints)[..., :2] for i in instances])
    return torch.as_tensor(keypoints, dtype=torch.float32, device=like.device)


def move_keypoints(instances: list[InstanceData], points: Tensor,
                   matrix: Tensor) -> Tensor:
    """Move what a stage predicts by a similarity, errors to be expected included.

    Args:
        instances (list[InstanceData]): Predictions of a batch of N, changed.
        points (Tensor): Their landmarks (N, K, 2).
        matrix (Tensor): (2, 3) or (N, 2, 3).

    Returns:
        Tensor: The landmarks (N, K, 2).
    """
    moved = transform_points(matrix, points)
    scales = scale_of(matrix).expand(len(points)).cpu().numpy()
    # MMPose maps them to the image in place: a copy, not the tensor's own memory.
    for instance, keypoints, scale in zip(instances, moved.cpu().numpy().copy(), scales,
                                          strict=True):
        instance.keypoints = keypoints[None]
        if 'keypoint_errors' in instance:
            instance.keypoint_errors = instance.keypoint_errors * scale
    return moved
