"""Regress landmarks, then correct each from the features around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from mmengine.model import BaseModule, kaiming_init
from mmengine.model import ModuleList as InitModuleList
from torch import Tensor, nn

from mmwing.arguments import is_between, is_list, is_whole
from mmwing.registry import MODELS

from .direct_regression_head import DirectRegressionHead

# In pixels of the input; corrections may be 0, of which there is no logarithm.
_LEAST_MOVE = 0.05


class RefinementStep(BaseModule):
    """From what is around all landmarks to a correction of all landmarks.

    Args:
        num_joints (int): Number of landmarks K.
        local_channels (Sequence[int]): Channels of the maps that are looked at.
        patch_size (int): Points along each side of a landmark's patch.
        embed_dims (int): Features of each landmark.
        max_offset (float): Scale of the corrections, in sides of the input.
        dropout (float): Probability of dropping a feature of a landmark.
    """

    def __init__(self, num_joints: int, local_channels: Sequence[int],
                 patch_size: int, embed_dims: int, max_offset: float,
                 dropout: float = 0.0) -> None:
        super().__init__()
        self.max_offset = max_offset
        self.embed = nn.ModuleList(
            nn.Linear(channels * patch_size**2, embed_dims)
            for channels in local_channels)
        # The layers above are the same for all landmarks; this tells them apart.
        self.landmark = nn.Parameter(torch.zeros(num_joints, embed_dims))
        self.norm = nn.LayerNorm(embed_dims)
        self.dropout = nn.Dropout(dropout)
        self.offset = nn.Linear(num_joints * embed_dims, 2 * num_joints)
        self.init_weights()

    def init_weights(self) -> None:
        """Start with corrections of zero: a new step spoils nothing.

        MMPose's initialisation of the head is for its output layer and reaches these
        layers, too; it is undone here.
        """
        for layer in self.embed:
            kaiming_init(layer, mode='fan_in')
        nn.init.trunc_normal_(self.landmark, std=0.02)
        nn.init.zeros_(self.offset.weight)
        nn.init.zeros_(self.offset.bias)

    def forward(self, patches: list[Tensor]) -> Tensor:
        """Normalised corrections (N, K, 2) of one (N, K, C * points) for each map."""
        return self.correct(self.look(patches))

    def look(self, patches: list[Tensor]) -> Tensor:
        """Features of each landmark, (N, K, embed_dims)."""
        embedded = [embed(patch)
                    for embed, patch in zip(self.embed, patches, strict=True)]
        features = torch.stack(embedded).sum(0) + self.landmark
        return self.dropout(F.relu(self.norm(features)))

    def correct(self, local: Tensor) -> Tensor:
        """Normalised corrections (N, K, 2) of what :meth:`look` returns."""
        features = local.flatten(1)
        # As in the parent: a coordinate has no place in half precision.
        with torch.autocast(features.device.type, enabled=False):
            offset = self.offset(features.to(self.offset.weight.dtype))
        return offset.unflatten(1, (-1, 2)) * self.max_offset


@MODELS.register_module()
class LocalRefinementHead(DirectRegressionHead):
    """Direct regression, then corrections from what is around each landmark.

    Fully connected layers see the face as a whole, through a last map of few pixels.
    Here their landmarks are a first guess. Around each, a patch is read out of finer
    maps of the backbone, and one linear layer turns the patches of all landmarks into
    a correction of all: supervised descent (Xiong and De la Torre, CVPR 2013) on
    features that are learnt with it. This is repeated ``num_steps`` times, each with
    weights of its own and, in training, with the same loss on what it makes of the
    landmarks. Coordinates are regressed throughout; there are no heat maps.

    Args:
        in_channels (int | Sequence[int]): As in the parent, of the last map.
        num_joints (int): As in the parent.
        local_channels (Sequence[int]): Channels of the maps to read patches from: the
            first ones that the backbone returns (its ``out_indices``).
        num_steps (int): Number of corrections. Defaults to 2.
        patch_size (int): Points along each side of a patch, one pixel of the map
            apart. Defaults to 3.
        embed_dims (int): Features of each landmark. Defaults to 64.
        max_offset (float): What the output of a correction is multiplied with, in
            sides of the input; it sets how fast corrections learn, not how large they
            may be. Defaults to 0.02.
        local_dropout (float): Probability of dropping a feature of a landmark in
            training; the parent's ``dropout`` is for its hidden layers. Defaults to
            0.
        confidence (dict, optional): As in the parent. Here it sees the features of
            each landmark, too, and how far the corrections have moved it.
        **kwargs: As in the parent.

    Raises:
        ValueError: If an argument is out of range; in :meth:`forward`, if the maps
            are not those that the head was built for.

    Example:
        >>> import mmwing, torch
        >>> codec = dict(type='mmwing.DirectRegressionLabel', input_size=(64, 64))
        >>> head = mmwing.LocalRefinementHead(
        ...     in_channels=32 * 4 * 4, num_joints=68, local_channels=[16], num_steps=2,
        ...     decoder=codec)
        >>> maps = (torch.zeros(2, 16, 16, 16), torch.zeros(2, 32, 4, 4))
        >>> head(maps).shape  # normalised coordinates
        torch.Size([2, 68, 2])
    """

    def __init__(self,
                 in_channels: int | Sequence[int],
                 num_joints: int,
                 local_channels: Sequence[int],
                 num_steps: int = 2,
                 patch_size: int = 3,
                 embed_dims: int = 64,
                 max_offset: float = 0.02,
                 local_dropout: float = 0.0,
                 confidence: dict | None = None,
                 **kwargs: Any) -> None:
        if not (is_list(local_channels) and len(local_channels)
                and all(is_whole(count, 1) for count in local_channels)):
            raise ValueError('local_channels must name the channels of at least one '
                             f'map, got {local_channels!r}')
        for name, value in (('num_steps', num_steps), ('patch_size', patch_size),
                            ('embed_dims', embed_dims)):
            if not is_whole(value, 1):
                raise ValueError(f'{name} must be at least 1, got {value!r}')
        if not is_between(max_offset, 0, 1e3) or max_offset == 0:
            raise ValueError('max_offset must be positive, up to 1,000 sides, got '
                             f'{max_offset!r}')
        if not is_between(local_dropout, 0, 1) or local_dropout == 1:
            raise ValueError(f'local_dropout must lie in [0, 1), got {local_dropout!r}')
        super().__init__(in_channels, num_joints, **kwargs)
        self.local_channels = tuple(local_channels)
        self.patch_size = patch_size
        self.steps = InitModuleList(
            RefinementStep(num_joints, self.local_channels, patch_size, embed_dims,
                           max_offset, local_dropout) for _ in range(num_steps))
        if confidence is not None:
            self._add_confidence(confidence, embed_dims + num_steps)

    def forward_steps(self, feats: tuple[Tensor, ...] | Tensor) -> list[Tensor]:
        """The first guess and what each step makes of it.

        Args:
            feats (tuple[Tensor]): The backbone's maps, (N, C, h, w) each: first those
                of ``local_channels``, last the one of ``in_channels``.

        Returns:
            list[Tensor]: ``num_steps + 1`` times normalised (N, K, 2).
        """
        return self._regress(feats)[0]

    def _regress(self, feats: tuple[Tensor, ...] | Tensor
                 ) -> tuple[list[Tensor], tuple[Tensor, ...]]:
        maps = self._local_maps(feats)
        coords, evidence = super()._regress(feats)
        for step in self.steps:
            # Where to look is not learnt from what is seen there: each step answers
            # for its own correction.
            center = coords[-1].detach()
            local = step.look([self._read(m, center) for m in maps])
            coords.append(center + step.correct(local))
        if self.confidence is not None:
            evidence = (*evidence, torch.cat([local, self._moves(coords)], -1))
        return coords, evidence

    def _moves(self, coords: list[Tensor]) -> Tensor:
        """How far each step has moved the landmarks, (N, K, num_steps), logarithmic."""
        moves = (torch.stack(coords[1:], -1) - torch.stack(coords[:-1], -1)).detach()
        distance = (moves * self.pixels.unsqueeze(-1)).square().sum(2).sqrt()
        return torch.log(distance + _LEAST_MOVE)

    def _local_maps(self, feats: tuple[Tensor, ...] | Tensor) -> tuple[Tensor, ...]:
        if isinstance(feats, Tensor):
            feats = (feats, )
        if len(feats) <= len(self.local_channels):
            raise ValueError(
                f'local_channels={self.local_channels} need that many maps and the '
                f'last one besides, but the backbone returns {len(feats)}: set its '
                'out_indices')
        maps = tuple(feats[:len(self.local_channels)])
        if not torch.jit.is_tracing():
            self._check_channels(tuple(m.shape[1] for m in maps))
        return maps

    def _check_channels(self, channels: tuple[int, ...]) -> None:
        if channels != self.local_channels:
            raise ValueError(
                f'the head was built with local_channels={self.local_channels}, but '
                f'the first maps of the backbone have {channels} channels')

    def _read(self, features: Tensor, center: Tensor) -> Tensor:
        """Patches (N, K, C * points) of a map (N, C, h, w) about points (N, K, 2)."""
        side = torch.arange(self.patch_size, device=center.device,
                            dtype=center.dtype) - (self.patch_size - 1) / 2
        xs, ys = torch.meshgrid(side / features.shape[-1], side / features.shape[-2],
                                indexing='xy')
        grid = center.unsqueeze(2) + torch.stack([xs, ys], -1).reshape(-1, 2)
        if self.pixels is not None:
            # Coordinates count from the centre of the first pixel, maps from its edge.
            grid = grid + 0.5 / self.pixels
        if not torch.jit.is_tracing():
            # The backward pass of grid_sample on a CPU ends the process at a NaN. The
            # landmarks themselves stay NaN, for the loss and the log to show.
            grid = grid.nan_to_num()
        with torch.autocast(center.device.type, enabled=False):
            patches = F.grid_sample(features.to(center.dtype), 2 * grid - 1,
                                    padding_mode='border', align_corners=False)
        return patches.permute(0, 2, 1, 3).flatten(2)

    def _steps(self, feats: tuple[Tensor, ...] | Tensor) -> list[Tensor]:
        return self.forward_steps(feats)

    def _named(self, steps: list[Tensor]) -> list[tuple[str, Tensor]]:
        """``loss_kpt_0`` of the first guess, ``loss_kpt_1`` of the first correction."""
        return [(f'loss_kpt_{index}', pred) for index, pred in enumerate(steps)]
