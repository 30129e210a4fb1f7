"""The plain convolutional networks of the Wing loss paper."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmcv.cnn import ConvModule
from mmpose.models.backbones.base_backbone import BaseBackbone
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmwing.arguments import check_flags, is_between, is_list, is_whole
from mmwing.registry import MODELS

#: Output channels of each stage; every stage halves height and width.
ARCHS: dict[str, tuple[int, ...]] = {
    'cnn6': (32, 64, 128, 256, 512),
    'cnn7': (64, 64, 128, 256, 512, 512),
}

#: Initial scale of the last normalisation, so that features start small.
LAST_NORM_SCALE = 0.1


@MODELS.register_module()
class WingCNN(BaseBackbone):
    """CNN-6 and CNN-7 of Feng et al., CVPR 2018 (arXiv 1711.06753, Fig. 2).

    Each stage is a 3x3 convolution (padding 1), an optional normalisation, ReLU
    and a 2x2 max pooling. ``cnn6`` has five stages and takes 64x64 pixels,
    ``cnn7`` has six and takes 128x128; both then give 2x2 maps of 512 channels,
    which the paper hands to an FC-1024 (``hidden_channels`` of
    :class:`mmwing.DirectRegressionHead`). Any other size works as long as the
    stages divide it without remainder.

    The paper states the widths of CNN-6. Of CNN-7 it says that there is one stage
    more and that the first has 64 channels; its other widths here are a choice of
    ours: CNN-6's own from 64 on, and 512 once more.

    The paper divides pixels by 255 and subtracts nothing: that is the data
    preprocessor's ``mean=[0, 0, 0], std=[255, 255, 255]``, not done in here.

    Args:
        arch: ``'cnn6'`` or ``'cnn7'``.
        in_channels: Channels of the input image.
        widen_factor: Multiplies the channels of every stage.
        out_indices: Stages whose maps are returned, counted from 0; negative
            numbers count from the end. Defaults to the last one alone.
        frozen_stages: Stages 0 to this one are not trained; -1 trains all.
        norm_eval: Keeps batch normalisation in evaluation mode while training.
        norm_cfg: Normalisation after each convolution, e.g. ``dict(type='BN')``.
            None, as in the paper, gives the convolutions a bias instead.
        init_cfg: Initialisation. Defaults to He's normal one over the fan-in, which
            keeps the size of the activations from stage to stage; with a
            normalisation, the last one's scale starts at 0.1.

    Raises:
        ValueError: If an argument is out of range or, in :meth:`forward`, if the
            input's height or width is not a multiple of ``2 ** stages``.
    """

    def __init__(
        self,
        arch: str = 'cnn6',
        in_channels: int = 3,
        widen_factor: float = 1.0,
        out_indices: Sequence[int] = (-1,),
        frozen_stages: int = -1,
        norm_eval: bool = False,
        norm_cfg: dict | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        if arch not in ARCHS:
            raise ValueError(f'arch must be one of {sorted(ARCHS)}, got {arch!r}')
        if not is_between(widen_factor, 0, 100) or widen_factor == 0:
            raise ValueError(
                f'widen_factor must be positive, up to 100, got {widen_factor!r}'
            )
        if not is_whole(in_channels, 1):
            raise ValueError(
                f'in_channels must be a positive whole number, got {in_channels!r}'
            )
        check_flags(norm_eval=norm_eval)
        channels = [max(1, round(c * widen_factor)) for c in ARCHS[arch]]
        num_stages = len(channels)
        if not (
            is_list(out_indices)
            and len(out_indices)
            and all(is_whole(i, -num_stages, num_stages - 1) for i in out_indices)
        ):
            raise ValueError(
                f'out_indices must name stages of {arch}, -{num_stages} to '
                f'{num_stages - 1}, got {out_indices!r}'
            )
        if not is_whole(frozen_stages, -1, num_stages - 1):
            raise ValueError(
                f'frozen_stages must lie in [-1, {num_stages - 1}] for {arch}, '
                f'got {frozen_stages!r}'
            )
        default_init = init_cfg is None
        if init_cfg is None:
            init_cfg = [
                {'type': 'Kaiming', 'layer': 'Conv2d', 'mode': 'fan_in'},
                {'type': 'Constant', 'layer': ['_BatchNorm', 'GroupNorm'], 'val': 1},
            ]
        super().__init__(init_cfg)

        self._default_init = default_init
        self.arch = arch
        self.out_indices = sorted({i % num_stages for i in out_indices})
        self.frozen_stages = frozen_stages
        self.norm_eval = norm_eval
        self.stages = nn.ModuleList()
        for out_channels in channels:
            # ReLU and max pooling commute. Pooling first leaves a quarter of the
            # values to ReLU, a fifth of the training time in channels_last.
            self.stages.append(
                nn.Sequential(
                    ConvModule(
                        in_channels,
                        out_channels,
                        3,
                        padding=1,
                        norm_cfg=norm_cfg,
                        act_cfg=None,
                    ),
                    nn.MaxPool2d(2),
                    nn.ReLU(inplace=True),
                )
            )
            in_channels = out_channels
        self._freeze_stages()

    def init_weights(self) -> None:
        """Initialise, and let normalised features start small.

        Normalised, pooled and rectified, 2048 features of about 1 reach the FC-1024 of
        the head, none of them negative. Adam's first steps then push all of its units
        below zero, and there they stay: 99 % of them were dead after half an epoch of
        300-W, and the network predicted the mean shape for ever.
        """
        super().init_weights()
        norms = [m for m in self.modules() if isinstance(m, (_BatchNorm, nn.GroupNorm))]
        if self._default_init and norms:
            nn.init.constant_(norms[-1].weight, LAST_NORM_SCALE)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Compute the feature maps.

        Args:
            x: Images, shape (N, C, H, W), H and W multiples of ``2 ** stages``.

        Returns:
            One map for each of ``out_indices``, in rising order; stage i gives
            (N, C_i, H / 2^(i+1), W / 2^(i+1)).
        """
        if not torch.jit.is_tracing():
            self._check_size(x)
        # The same numbers; on CPUs convolutions take a quarter less time.
        x = x.contiguous(memory_format=torch.channels_last)
        outs = []
        for i, stage in enumerate(self.stages):
            x = stage(x)
            if i in self.out_indices:
                outs.append(x)
        return tuple(outs)

    def train(self, mode: bool = True) -> WingCNN:
        """Set the mode, and keep what is frozen frozen."""
        super().train(mode)
        self._freeze_stages()
        if mode and self.norm_eval:
            for module in self.modules():
                if isinstance(module, _BatchNorm):
                    module.eval()
        return self

    def _freeze_stages(self) -> None:
        for stage in self.stages[: self.frozen_stages + 1]:
            stage.eval()
            stage.requires_grad_(False)

    def _check_size(self, x: Tensor) -> None:
        if x.ndim != 4:
            raise ValueError(
                f'WingCNN takes images of shape (N, C, H, W), got {tuple(x.shape)}'
            )
        step = 2 ** len(self.stages)
        height, width = x.shape[-2:]
        if height % step or width % step or not height or not width:
            nearest = [max(step, round(s / step) * step) for s in (height, width)]
            raise ValueError(
                f'{self.arch} halves its input {len(self.stages)} times: height and '
                f'width must be multiples of {step}, got {height}x{width}; the '
                f'nearest is {nearest[0]}x{nearest[1]} (input_size of the codec)'
            )
