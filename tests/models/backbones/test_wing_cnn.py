"""WingCNN against an independent spelling of the paper's network."""

import io

import pytest
import torch
from mmpose.registry import MODELS
from mmpose.utils import register_all_modules
from torch import nn
from torch.nn import functional as F

import mmwing  # noqa: F401
from mmwing.models.backbones import WingCNN


def build(**kwargs):
    model = WingCNN(**kwargs)
    model.init_weights()
    return model


def test_builds_from_mmpose_registry():
    register_all_modules()
    assert isinstance(MODELS.build({'type': 'mmwing.WingCNN'}), WingCNN)


@pytest.mark.parametrize(
    'arch, size, first, params',
    [
        # 9 * (3*32 + 32*64 + 64*128 + 128*256 + 256*512) + the five biases
        ('cnn6', 64, 32, 9 * 174176 + 992),
        ('cnn7', 128, 64, None),
    ],
)
def test_papers_shapes(arch, size, first, params):
    model = build(arch=arch)
    (out,) = model(torch.rand(2, 3, size, size))
    assert out.shape == (2, 512, 2, 2)
    convs = [m for m in model.modules() if isinstance(m, nn.Conv2d)]
    assert len(convs) == {'cnn6': 5, 'cnn7': 6}[arch]
    assert convs[0].out_channels == first
    if params is not None:
        assert sum(p.numel() for p in model.parameters()) == params


@pytest.mark.parametrize('norm', [dict(type='BN'), dict(type='GN', num_groups=8)])
def test_normalised_features_start_small(norm):
    """Features of 1, none negative, kill the hidden units behind them."""
    torch.manual_seed(0)
    features, = build(norm_cfg=norm)(torch.rand(8, 3, 64, 64))
    assert 0.05 < features.square().mean().sqrt() < 0.3
    own = build(norm_cfg=norm, init_cfg=[dict(type='Constant', layer='_BatchNorm',
                                              val=1)])
    assert (own.stages[-1][0].norm.weight == 1).all()


def test_equals_conv_relu_pool_in_the_papers_order():
    model = build(norm_cfg={'type': 'BN'}).eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):  # gamma < 0 would betray BN after pool
            nn.init.normal_(module.weight)
            nn.init.normal_(module.bias)
            nn.init.normal_(module.running_mean)
    x = expected = torch.rand(2, 3, 64, 96)
    for stage in model.stages:
        conv, norm = stage[0].conv, stage[0].bn
        expected = F.conv2d(expected, conv.weight, padding=1)
        expected = (expected - norm.running_mean[:, None, None]) / torch.sqrt(
            norm.running_var[:, None, None] + norm.eps
        )
        expected = expected * norm.weight[:, None, None] + norm.bias[:, None, None]
        expected = F.max_pool2d(F.relu(expected), 2)
    torch.testing.assert_close(model(x)[-1], expected, rtol=1e-4, atol=1e-4)


def test_default_init_keeps_the_signal_alive():
    torch.manual_seed(0)
    (out,) = build()(torch.rand(4, 3, 64, 64))
    assert 0.1 < out.std() < 10


def test_widen_factor_and_out_indices():
    model = build(widen_factor=0.25, out_indices=(-1, 1))
    outs = model(torch.rand(1, 3, 64, 32))
    assert [tuple(o.shape) for o in outs] == [(1, 16, 16, 8), (1, 128, 2, 1)]


def test_frozen_stages_and_norm_eval_survive_train():
    model = build(norm_cfg={'type': 'BN'}, frozen_stages=1, norm_eval=True)
    model.train()
    frozen = [all(not p.requires_grad for p in s.parameters()) for s in model.stages]
    assert frozen == [True, True, False, False, False]
    assert not any(
        m.training for m in model.modules() if isinstance(m, nn.BatchNorm2d)
    )
    assert build(norm_cfg={'type': 'BN'}).train().stages[0][0].bn.training


@pytest.mark.parametrize(
    'kwargs, message',
    [
        ({'arch': 'cnn8'}, 'arch must be one of'),
        ({'widen_factor': 0}, 'widen_factor must be positive'),
        ({'out_indices': (5,)}, 'out_indices must name stages of cnn6, -5 to 4'),
        ({'out_indices': ()}, 'out_indices must name stages'),
        ({'frozen_stages': 5}, r'frozen_stages must lie in \[-1, 4\]'),
    ],
)
def test_bad_arguments(kwargs, message):
    with pytest.raises(ValueError, match=message):
        WingCNN(**kwargs)


@pytest.mark.parametrize(
    'shape, message',
    [
        ((1, 3, 70, 64), 'multiples of 32, got 70x64; the nearest is 64x64'),
        ((1, 3, 8, 64), 'got 8x64; the nearest is 32x64'),
        ((3, 64, 64), r'\(N, C, H, W\), got \(3, 64, 64\)'),
    ],
)
def test_input_that_does_not_suit_the_poolings(shape, message):
    with pytest.raises(ValueError, match=message):
        WingCNN()(torch.rand(*shape))


def test_traces_and_runs_in_bfloat16():
    model = build(widen_factor=0.25).eval()
    x = torch.rand(2, 3, 64, 64)
    traced = torch.jit.trace(model, x)
    buffer = io.BytesIO()
    torch.jit.save(traced, buffer)
    buffer.seek(0)
    torch.testing.assert_close(torch.jit.load(buffer)(x)[0], model(x)[0])
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert model(x)[0].dtype == torch.bfloat16
