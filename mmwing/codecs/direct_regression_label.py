"""Encode landmarks as coordinates divided by the input size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from mmpose.codecs import RegressionLabel
from torch import Tensor

from mmwing.arguments import check_flags, is_image_size
from mmwing.registry import KEYPOINT_CODECS


@KEYPOINT_CODECS.register_module()
class DirectRegressionLabel(RegressionLabel):
    """Coordinates divided by the input size, with a say about the crop's border.

    MMPose's ``RegressionLabel`` gives weight 0 to landmarks that fall outside the
    crop. A heat map has no place for them, but a regressor can predict them: after
    rotation or with a tight box, part of the chin often lies outside. Here they keep
    their weight unless told otherwise. Labels are the same as MMPose's where it gives
    them a weight, and so is :meth:`decode`.

    Pixels are 0-based pixel centres: x is divided by w, not by w - 1.

    Args:
        input_size (Sequence[int]): (w, h) of the network input in pixels.
        supervise_outside (bool): Whether landmarks outside the crop have a weight.
            False is MMPose's behaviour. Defaults to ``True``.

    Raises:
        ValueError: If ``input_size`` is not a pair of positive integers.
    """

    def __init__(self,
                 input_size: Sequence[int],
                 supervise_outside: bool = True) -> None:
        if not is_image_size(input_size):
            raise ValueError('input_size must be (w, h), two positive integers, '
                             f'got {input_size!r}')
        check_flags(supervise_outside=supervise_outside)
        super().__init__((int(input_size[0]), int(input_size[1])))
        self.supervise_outside = supervise_outside

    def encode(self,
               keypoints: np.ndarray,
               keypoints_visible: np.ndarray | None = None) -> dict:
        """Normalise the landmarks of the crop.

        Args:
            keypoints (np.ndarray): Pixels of the crop, (N, K, 2). A landmark with a
                coordinate that is not finite counts as not annotated.
            keypoints_visible (np.ndarray, optional): Above 0.5 is annotated, (N, K).
                ``None`` is all.

        Returns:
            dict: ``keypoint_labels``, float32 (N, K, 2), 0 where not finite, and
            ``keypoint_weights``, float32 (N, K), 1 or 0.
        """
        finite = np.isfinite(keypoints).all(axis=-1)
        keypoints = np.where(finite[..., None], keypoints, 0)
        encoded = super().encode(keypoints, keypoints_visible)
        visible = finite
        if keypoints_visible is not None:
            visible = visible & (keypoints_visible > 0.5)
        inside = encoded['keypoint_weights'] > 0
        weights = visible if self.supervise_outside else visible & inside
        encoded['keypoint_weights'] = weights.astype(np.float32)
        return encoded

    def encode_batch(self, keypoints: Tensor, weights: Tensor) -> dict[str, Tensor]:
        """Normalise the landmarks of a batch of crops, on their device.

        The same labels as those of :meth:`encode`, for a model that crops for itself.

        Args:
            keypoints (Tensor): Pixels of the crops, (N, K, 2), one face a crop.
            weights (Tensor): Weights of the landmarks, (N, K), 0 where they are not
                annotated.

        Returns:
            dict[str, Tensor]: ``keypoint_labels`` (N, K, 2), 0 where not finite, and
            ``keypoint_weights`` (N, K): the weights, 0 where :meth:`encode` gives 0.
        """
        width, height = self.input_size
        known = keypoints.isfinite().all(-1)
        keypoints = torch.where(known.unsqueeze(-1), keypoints, 0)
        x, y = keypoints.unbind(-1)
        if not self.supervise_outside:
            known = known & (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
        return {'keypoint_labels': torch.stack([x / width, y / height], -1),
                'keypoint_weights': torch.where(known, weights, 0)}
