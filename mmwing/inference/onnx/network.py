"""A trained model as one function of tensors, from 8-bit crops to landmarks."""

from __future__ import annotations

from typing import Any

import torch
from mmpose.models.heads import RLEHead
from mmpose.models.pose_estimators import TopdownPoseEstimator
from torch import Tensor, nn

from mmwing.geometry import invert, transform_points
from mmwing.models.pose_estimators import CascadeEstimator
from mmwing.models.pose_estimators.stage import has_scores, regresses, size_of


class LandmarkNetwork(nn.Module):
    """Normalisation, network, flip test and cascade of a model, as one function.

    What MMPose's ``predict`` computes with numpy and lists of samples, in tensors.

    Args:
        model: A model whose heads regress coordinates, as
            :func:`mmwing.inference.load_model` returns it.
        flip_test: Whether to average with the prediction on the mirrored crop.

    Raises:
        ValueError: If a head does not regress coordinates, or the flip test lacks the
            mirror pairs of the landmarks.
    """

    model: Any  # MMPose's models have more than nn.Module
    mean: Tensor
    std: Tensor
    flip_indices: Tensor

    def __init__(self, model: nn.Module, flip_test: bool) -> None:
        super().__init__()
        self.model = model.eval()
        self.is_cascade = isinstance(model, CascadeEstimator)
        self.stages = ([self.model.stage1, self.model.stage2] if self.is_cascade
                       else [self.model])
        for stage in self.stages:
            if not isinstance(stage, TopdownPoseEstimator) or not regresses(stage.head):
                kind = type(getattr(stage, 'head', stage)).__name__
                raise ValueError('only models whose heads regress coordinates can be '
                                 f'exported; this one has {kind}')
        test_cfg = self.model.test_cfg or {}
        if self.is_cascade and test_cfg.get('num_stages', 2) == 1:
            self.stages = self.stages[:1]
        if not test_cfg.get('shift_coords', True):
            raise ValueError('models with test_cfg.shift_coords=False cannot be '
                             'exported: they mirror one pixel off')
        preprocessor = self.model.data_preprocessor
        self.bgr_to_rgb = bool(preprocessor._channel_conversion)
        normalise = preprocessor._enable_normalize
        self.register_buffer('mean', preprocessor.mean if normalise
                             else torch.zeros(3, 1, 1), False)
        self.register_buffer('std', preprocessor.std if normalise
                             else torch.ones(3, 1, 1), False)
        self.flip_test = flip_test
        flip_indices = self.model.dataset_meta.get('flip_indices')
        if flip_test and not flip_indices:
            raise ValueError('the flip test needs to know which landmarks mirror which '
                             '(flip_indices in the metainfo of the model)')
        self.register_buffer('flip_indices', torch.tensor(flip_indices or [0]), False)

    @property
    def has_scores(self) -> bool:
        """Whether the model has scores of landmarks."""
        return has_scores(self.stages[-1].head)

    @property
    def input_size(self) -> tuple[int, int]:
        """(w, h) of the crops."""
        width, height = (self.model.input_size if self.is_cascade
                         else size_of(self.model))
        return width, height

    def forward(self, crops: Tensor) -> tuple[Tensor, ...]:
        """Find landmarks.

        Args:
            crops: (N, h, w, 3) uint8, as OpenCV reads images (BGR).

        Returns:
            Landmarks (N, K, 2) in pixels of the crops; if the model
            :attr:`has_scores` also these, (N, K).
        """
        x = crops.permute(0, 3, 1, 2).to(self.mean.dtype)
        if self.bgr_to_rgb:
            x = torch.stack([x[:, 2], x[:, 1], x[:, 0]], 1)
        x = (x - self.mean) / self.std
        if not self.is_cascade:
            return self._run(self.model, x)
        cuts = self.model.crops
        points, *scores = self._run(self.model.stage1, cuts.crop1(x))
        points = transform_points(invert(cuts.box_to_crop1), points)
        if len(self.stages) == 2:
            matrix, _ = cuts.align(points, self.model.mean_shape)
            points, *scores = self._run(self.model.stage2, cuts.crop2(x, matrix))
            points = transform_points(invert(matrix), points)
        return points, *scores

    def _run(self, stage: TopdownPoseEstimator, x: Tensor) -> tuple[Tensor, ...]:
        """Landmarks in pixels of a stage's crops and, where there are any, scores."""
        width, height = size_of(stage)
        count = x.shape[0]
        points, further = self._ask(stage, torch.cat([x, x.flip(-1)])
                                    if self.flip_test else x)
        if self.flip_test:
            mirrored = points[count:, self.flip_indices]
            back = torch.cat([1 - 1 / width - mirrored[..., :1],
                              mirrored[..., 1:2]], -1)
            points = (points[:count] + back) / 2
            further = (further[:count] + further[count:, self.flip_indices]) / 2
        points = points * points.new_tensor([width, height])
        if not has_scores(stage.head):
            return (points, )
        return points, (1 - further.mean(-1) if isinstance(stage.head, RLEHead)
                        else stage.head.confidence.score(further))

    def _ask(self, stage: TopdownPoseEstimator, x: Tensor) -> tuple[Tensor, Tensor]:
        """Normalised landmarks, and what scores are made from, which mirrors average.

        The latter are RLE's spreads (N, K, 2), the errors to be expected (N, K), or
        nothing (N, K, 0).
        """
        feats = stage.extract_feat(x)
        if getattr(stage.head, 'confidence', None) is not None:
            return stage.head.forward_with_errors(feats)
        output = stage.head(feats)
        return output[..., :2], output[..., 2:].sigmoid()
