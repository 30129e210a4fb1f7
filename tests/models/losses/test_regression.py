"""The coordinate losses: formulas, arguments, and MMPose's beside them."""

import math
import warnings

import mmpose.models.losses as mmpose_losses
import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope
from mmpose.registry import MODELS as MMPOSE_MODELS

from mmwing.models.losses import (
    GeneralRobustLoss,
    L1Loss,
    L2Loss,
    RectifiedWingLoss,
    SmoothL1Loss,
    SoftWingLoss,
    WingLoss,
)


def coordinates(size=64.0):
    generator = torch.Generator().manual_seed(0)
    target = size * torch.rand(8, 68, 2, generator=generator)
    return target + size / 10 * torch.randn(8, 68, 2, generator=generator), target


def test_wing_is_the_papers_loss():
    """The sum over all coordinates of Eq. 5, averaged over the batch."""
    output, target = coordinates()
    x = np.abs((output - target).double().numpy())
    constant = 10 - 10 * math.log(1 + 10 / 2)
    inner, outer = 10 * np.log(1 + x / 2), x - constant
    expected = np.where(x < 10, inner, outer).reshape(8, -1).sum(1).mean()
    assert (x < 10).any() and (x > 10).any()
    assert WingLoss()(output, target).item() == pytest.approx(expected, rel=1e-6)


def test_rectified_wing_forgives_r_pixels():
    output, target = coordinates()
    x = np.abs((output - target).double().numpy())
    inner = 10 * np.log1p(np.maximum(x - 3, 0) / 2)
    outer = x - (10 - 10 * math.log1p((10 - 3) / 2))
    expected = np.where(x < 10, inner, outer).reshape(8, -1).sum(1).mean()
    assert (x < 3).any()
    assert RectifiedWingLoss(r=3)(output, target).item() == pytest.approx(expected,
                                                                          rel=1e-6)


# MMPose's, where it is right

@pytest.mark.parametrize('ours, theirs', [
    (WingLoss(), mmpose_losses.WingLoss()),
    (WingLoss(5, 0.5), mmpose_losses.WingLoss(5, 0.5)),
    (SoftWingLoss(), mmpose_losses.SoftWingLoss()),
    (SoftWingLoss(1, 8, 2), mmpose_losses.SoftWingLoss(1, 8, 2)),
    (L1Loss(reduction='mean'), mmpose_losses.L1Loss()),
    (SmoothL1Loss(reduction='mean'), mmpose_losses.SmoothL1Loss()),
    (SmoothL1Loss(beta=3, reduction='mean'),
     mmpose_losses.SoftWeightSmoothL1Loss(beta=3)),
    (L2Loss(reduction='mean', loss_weight=2), mmpose_losses.MSELoss()),
], ids=str)
def test_agrees_with_mmpose_on_pixels(ours, theirs):
    output, target = coordinates()
    torch.testing.assert_close(ours(output, target), theirs(output, target))


def test_binary_weights_agree_with_mmpose():
    output, target = coordinates()
    weight = (torch.rand(8, 68, 1) > 0.3).float()
    torch.testing.assert_close(
        WingLoss()(output, target, weight),
        mmpose_losses.WingLoss(use_target_weight=True)(output, target, weight))


def test_mmpose_losses_on_normalised_coordinates_are_plain():
    """Why this package exists: without pixels the shapes are gone."""
    output, target = coordinates(size=1.0)
    l1 = L1Loss()(output, target)
    wing = mmpose_losses.WingLoss()(output, target)
    assert wing.item() == pytest.approx(5 * l1.item(), rel=0.05)
    torch.testing.assert_close(mmpose_losses.SoftWingLoss()(output, target), l1)
    torch.testing.assert_close(mmpose_losses.SmoothL1Loss()(output, target),
                               L2Loss(reduction='mean')(output, target))


# In configs

@pytest.mark.parametrize('name', [
    'L2Loss', 'L1Loss', 'SmoothL1Loss', 'WingLoss', 'RectifiedWingLoss',
    'SoftWingLoss', 'GeneralRobustLoss'])
def test_built_by_name_from_mmposes_scope(name):
    with DefaultScope.overwrite_default_scope('mmpose'):
        loss = MMPOSE_MODELS.build({'type': f'mmwing.{name}', 'input_size': (64, 64)})
    assert type(loss).__module__ == 'mmwing.models.losses.regression'
    assert loss.use_target_weight


def test_in_mmposes_multiple_loss_wrapper():
    wrapper = MMPOSE_MODELS.build({'type': 'MultipleLossWrapper', 'losses': [
        {'type': 'mmwing.WingLoss', 'input_size': (64, 64)},
        {'type': 'KeypointMSELoss'}]})
    output, target = coordinates(size=1.0)
    heatmaps = torch.rand(8, 68, 4, 4)
    wing, _ = wrapper([output, heatmaps], [target, heatmaps], torch.ones(8, 68))
    torch.testing.assert_close(wing, WingLoss()(64 * output, 64 * target))


# Arguments

@pytest.mark.parametrize('build, message', [
    (lambda: WingLoss(omega=0), 'WingLoss: omega must be a positive.*got 0'),
    (lambda: WingLoss(epsilon=-2), 'WingLoss: epsilon must be a positive.*got -2'),
    (lambda: WingLoss(epsilon='2'), "epsilon must be.*got '2'"),
    (lambda: WingLoss(omega=math.inf), 'omega must be'),
    (lambda: WingLoss(omega=True), 'omega must be'),
    (lambda: RectifiedWingLoss(epsilon=0), 'RectifiedWingLoss: epsilon'),
    (lambda: RectifiedWingLoss(r=10), r'r must lie in \[0, omega\).*r=10.*omega=10'),
    (lambda: RectifiedWingLoss(r=-1), 'r must lie in'),
    (lambda: RectifiedWingLoss(r='1'), "r must lie in.*got r='1'"),
    (lambda: SmoothL1Loss(beta=0), 'SmoothL1Loss: beta'),
    (lambda: SoftWingLoss(omega2=0), 'SoftWingLoss: omega2'),
    (lambda: GeneralRobustLoss(c=0), 'GeneralRobustLoss: c'),
    (lambda: GeneralRobustLoss(alpha=math.inf), 'alpha must be a finite number or -in'),
    (lambda: GeneralRobustLoss(alpha=math.nan), 'alpha must be'),
    (lambda: GeneralRobustLoss(alpha='x'), "alpha must be a finite.*got 'x'"),
    (lambda: GeneralRobustLoss(alpha=None), 'alpha must be a finite.*got None'),
])
def test_refuses(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_a_left_over_argument_is_a_type_error():
    with pytest.raises(TypeError, match='omega'):
        L1Loss(omega=10)


@pytest.mark.parametrize('loss_type', [WingLoss, RectifiedWingLoss])
@pytest.mark.parametrize('omega, epsilon', [(10, 0.01), (1, 20)])
def test_extreme_slopes_warn(loss_type, omega, epsilon):
    with pytest.warns(UserWarning, match=f'{loss_type.__name__}.*slope'):
        loss_type(omega=omega, epsilon=epsilon)


def test_the_papers_settings_do_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        for omega in (4, 14):
            for epsilon in (0.5, 3):
                WingLoss(omega=omega, epsilon=epsilon)


def test_alpha_may_be_minus_infinity_in_a_config():
    x = torch.tensor([[[3.0, 0.0]]])
    expected = 1 - math.exp(-0.5 * 9 / 4)
    for alpha in ('-inf', -math.inf):
        value = GeneralRobustLoss(alpha=alpha, c=2)(x, torch.zeros(1, 1, 2))
        assert value.item() == pytest.approx(expected)


def test_parameters_show_in_the_name():
    assert str(WingLoss()) == 'WingLoss(omega=10, epsilon=2)'
    assert str(RectifiedWingLoss(r=1)) == 'RectifiedWingLoss(omega=10, epsilon=2, r=1)'


def test_all_lengths_of_soft_wing_grow_with_the_input():
    assert SoftWingLoss.scaled_lengths(128) == dict(omega1=4, omega2=40, epsilon=1)
