"""The heat-map losses, alone and in MMPose's HeatmapHead."""

import inspect
import math

import mmpose.models.losses as mmpose_losses
import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData, PixelData
from mmpose.models.heads import HeatmapHead
from mmpose.structures import PoseDataSample

from mmwing.models.losses import (
    AdaptiveWingLoss,
    HeatmapWingLoss,
    L2Loss,
    WingLoss,
    base,
)

LOSSES = [AdaptiveWingLoss, HeatmapWingLoss]
every_loss = pytest.mark.parametrize('loss_type', LOSSES)


def heatmaps(n=2, k=3, height=12, width=10):
    """A noisy prediction (with gradient) and a true Gaussian blob."""
    generator = torch.Generator().manual_seed(0)
    rows, columns = torch.arange(height), torch.arange(width)
    centre = 2 + 6 * torch.rand(n, k, 2, 1, 1, generator=generator)
    target = torch.exp(-((columns - centre[:, :, 0])**2
                         + (rows[:, None] - centre[:, :, 1])**2) / 2)
    output = target + 0.5 * torch.randn(target.shape, generator=generator)
    return output.requires_grad_(), target


def paper_adaptive_wing(output, target, alpha=2.1, omega=14, epsilon=1, theta=0.5):
    """Wang et al., ICCV 2019, pixel by pixel."""
    loss = np.empty_like(target)
    for index, y in np.ndenumerate(target):
        x = abs(y - output[index])
        power = alpha - y
        if x < theta:
            loss[index] = omega * math.log(1 + (x / epsilon)**power)
        else:
            a = (omega * (1 / (1 + (theta / epsilon)**power)) * power
                 * (theta / epsilon)**(power - 1) * (1 / epsilon))
            c = theta * a - omega * math.log(1 + (theta / epsilon)**power)
            loss[index] = a * x - c
    return loss


def paper_loss_map(target, weight=10, threshold=0.2):
    """``W x M + 1``, M by a grey dilation with a 3x3 square."""
    n, k, height, width = target.shape
    padded = np.pad(target, ((0, 0), (0, 0), (1, 1), (1, 1)), mode='edge')
    dilated = np.max([padded[:, :, i:i + height, j:j + width]
                      for i in range(3) for j in range(3)], axis=0)
    return weight * (dilated >= threshold) + 1


def test_adaptive_wing_is_the_papers_loss():
    output, target = heatmaps()
    ours = AdaptiveWingLoss()(output.double(), target.double())
    arrays = output.detach().double().numpy(), target.double().numpy()
    residual = np.abs(arrays[0] - arrays[1])
    assert (residual < 0.5).any() and (residual > 0.5).any()
    expected = (paper_adaptive_wing(*arrays) * paper_loss_map(arrays[1])).mean()
    assert ours.item() == pytest.approx(expected, rel=1e-9)


def test_adaptive_wing_without_the_map_agrees_with_mmpose():
    output, target = heatmaps()
    weight = torch.tensor([[1., 0, 1], [1, 1, 1]])
    torch.testing.assert_close(
        AdaptiveWingLoss(foreground_weight=0)(output, target),
        mmpose_losses.AdaptiveWingLoss()(output, target))
    every_pixel = torch.tensor(target.numel())
    torch.testing.assert_close(
        AdaptiveWingLoss(foreground_weight=0, reduction='sum')(output, target, weight),
        mmpose_losses.AdaptiveWingLoss(use_target_weight=True)(output, target, weight)
        * every_pixel)


def test_wing_on_heat_maps_is_wing_times_the_map():
    output, target = heatmaps()
    plain = HeatmapWingLoss(0.3, 0.1, foreground_weight=0, reduction='none')
    torch.testing.assert_close(
        plain(output, target),
        WingLoss(0.3, 0.1, reduction='none')(output, target))
    mapped = HeatmapWingLoss(0.3, 0.1, foreground_weight=4, foreground_threshold=0.5,
                             reduction='none')
    torch.testing.assert_close(
        mapped(output, target),
        plain(output, target) * torch.from_numpy(
            paper_loss_map(target.numpy(), 4, 0.5)))


@every_loss
def test_default_knots_lie_within_heat_map_values(loss_type):
    """Else the loss would be its innermost branch alone."""
    loss = loss_type()
    knot = loss.theta if loss_type is AdaptiveWingLoss else loss.omega
    assert 0 < knot < 1


@pytest.mark.parametrize('looks', [True, False])
@every_loss
def test_weights_and_mask(loss_type, looks, monkeypatch):
    if not looks:
        monkeypatch.setattr(base, '_is_tame', lambda target: False)
    output, target = heatmaps()
    weight = torch.tensor([[1., 0, 2], [1, 1, 0.5]])
    mask = (torch.rand(2, 1, 12, 10) > 0.3).float()
    entries = loss_type(reduction='none')(output, target)
    full = weight[..., None, None] * mask
    torch.testing.assert_close(loss_type()(output, target, weight, mask),
                               (entries * full).sum() / (full != 0).sum())
    torch.testing.assert_close(loss_type()(output, target, full),
                               loss_type()(output, target, weight, mask))


@every_loss
def test_the_signature_is_that_of_mmposes_heat_map_losses(loss_type):
    output, target = heatmaps()
    weight, mask = torch.tensor([[1., 0, 2], [1, 1, 0.5]]), torch.ones(2, 1, 12, 10)
    mask[:, :, :4] = 0
    theirs = inspect.signature(mmpose_losses.KeypointMSELoss.forward).parameters
    assert list(inspect.signature(loss_type.forward).parameters) == list(theirs)
    torch.testing.assert_close(
        loss_type()(output, target, weight, mask),
        loss_type()(output=output, target=target, target_weights=weight, mask=mask))


@every_loss
@pytest.mark.parametrize('wild', [math.nan, math.inf, 1e30, 1e14, -1e3])
def test_weight_zero_silences_a_wild_channel(loss_type, wild):
    output, target = heatmaps()
    weight = torch.ones(2, 3)
    weight[1, 2] = 0
    wild_target = target.clone()
    wild_target[1, 2] = wild
    value = loss_type()(output, wild_target, weight)
    torch.testing.assert_close(value, loss_type()(output, target, weight))
    gradient, = torch.autograd.grad(value, output)
    assert gradient.isfinite().all() and (gradient[1, 2] == 0).all()


@every_loss
def test_nan_target_and_nan_output(loss_type):
    output, target = heatmaps()
    target[0, 0] = math.nan
    value = loss_type()(output, target)
    gradient, = torch.autograd.grad(value, output)
    assert value.isfinite() and gradient.isfinite().all()
    assert (gradient[0, 0] == 0).all()
    output = output.detach()
    output[0, 0, 3, 3] = math.nan
    assert loss_type()(output, target).isnan()


@every_loss
def test_wild_outputs_have_finite_gradients(loss_type):
    target = torch.tensor([0.0, 0.3, 1.0]).reshape(1, 3, 1, 1).expand(1, 3, 2, 2)
    output = torch.tensor([1e15, -1e15, 0.0, 1.0]).reshape(1, 1, 2, 2)
    output = output.expand(1, 3, 2, 2).clone().requires_grad_()
    value = loss_type()(output, target)
    gradient, = torch.autograd.grad(value, output)
    assert value.isfinite() and gradient.isfinite().all()


@every_loss
def test_coordinates_are_refused(loss_type):
    with pytest.raises(ValueError, match=r'heat maps \(N, K, H, W\), got \(4, 5, 2\); '
                                         'for coordinates use mmwing.WingLoss'):
        loss_type()(torch.rand(4, 5, 2), torch.rand(4, 5, 2))


@pytest.mark.parametrize('build, message', [
    (lambda: AdaptiveWingLoss(alpha=2), 'alpha must be above 2.*got 2'),
    (lambda: AdaptiveWingLoss(theta=0), 'AdaptiveWingLoss: theta'),
    *((lambda weight=weight: AdaptiveWingLoss(foreground_weight=weight),
       f'foreground_weight must be a finite number, 0 or more, got {weight!r}')
      for weight in (-1, math.nan, math.inf, True, None, '10')),
    (lambda: HeatmapWingLoss(foreground_threshold=0), 'foreground_threshold'),
    (lambda: HeatmapWingLoss(omega=0), 'HeatmapWingLoss: omega'),
    (lambda: HeatmapWingLoss(reduction='all'), 'reduction must be one of'),
])
def test_refuses(build, message):
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize('name', ['AdaptiveWingLoss', 'HeatmapWingLoss', 'WingLoss',
                                  'L2Loss'])
def test_trains_mmposes_heatmap_head(name):
    head = HeatmapHead(
        in_channels=4, out_channels=3, deconv_out_channels=None,
        loss={'type': f'mmwing.{name}'},
        decoder={'type': 'MSRAHeatmap', 'input_size': (40, 48),
                 'heatmap_size': (10, 12), 'sigma': 1})
    _, target = heatmaps()
    samples = [PoseDataSample(
        gt_fields=PixelData(heatmaps=maps),
        gt_instance_labels=InstanceData(keypoint_weights=torch.ones(1, 3)))
        for maps in target]
    losses = head.loss((torch.rand(2, 4, 12, 10), ), samples)
    losses['loss_kpt'].backward()
    assert losses['loss_kpt'].item() > 0
    assert head.final_layer.weight.grad.abs().sum() > 0


def test_any_residual_loss_takes_heat_maps():
    output, target = heatmaps()
    torch.testing.assert_close(
        L2Loss(reduction='mean', loss_weight=2)(output, target),
        mmpose_losses.KeypointMSELoss()(output, target))
