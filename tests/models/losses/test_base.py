"""Units, weights, reduction and bad input: the same for every loss."""

import copy
import math
import warnings

import numpy as np
import pytest
import torch
from synchronisation import no_synchronisation
from torch import nn

from mmwing.models.losses import (
    AdaptiveWingLoss,
    GeneralRobustLoss,
    HeatmapWingLoss,
    L1Loss,
    L2Loss,
    RectifiedWingLoss,
    ResidualLoss,
    SmoothL1Loss,
    SoftWingLoss,
    WingLoss,
    base,
)

LOSSES = [L2Loss, L1Loss, SmoothL1Loss, WingLoss, RectifiedWingLoss, SoftWingLoss,
          GeneralRobustLoss]
every_loss = pytest.mark.parametrize('loss_type', LOSSES)


@pytest.fixture(params=['looks at values', 'never looks'])
def look(request, monkeypatch):
    """Both ways to deal with missing targets: the CPU's, and a GPU's."""
    if request.param == 'never looks':
        monkeypatch.setattr(base, '_is_tame', lambda target: False)


def coordinates(seed=0, n=4, k=5, size=64.0):
    """Output (with gradient) and target, in pixels."""
    generator = torch.Generator().manual_seed(seed)
    target = size * torch.rand(n, k, 2, generator=generator)
    output = target + 6 * torch.randn(n, k, 2, generator=generator)
    return output.requires_grad_(), target


def plain(loss, output, target):
    """The unweighted penalty of each entry."""
    return loss.penalty(output - target)


# Units

@every_loss
def test_pixel_form_equals_scaled_normalised_form(loss_type):
    output, target = coordinates()
    size = torch.tensor([64.0, 48.0])
    in_pixels = loss_type()(output, target)
    normalised = loss_type(input_size=(64, 48))(output / size, target / size)
    torch.testing.assert_close(in_pixels, normalised)


def test_input_size_may_be_set_later_and_is_checked():
    loss = WingLoss()
    assert loss.input_size is None
    loss.input_size = [256, 192]
    assert loss.input_size == (256, 192)
    with pytest.raises(TypeError, match=r'input_size must be \(w, h\).*got 256'):
        loss.input_size = 256
    with pytest.raises(TypeError, match='input_size'):
        loss.input_size = (1, 2, 3)
    with pytest.raises(ValueError, match=r'input_size\[1\].*positive.*got 0'):
        loss.input_size = (256, 0)
    with pytest.raises(ValueError, match=r'input_size\[0\]'):
        WingLoss(input_size=(math.nan, 256))
    assert loss.input_size == (256, 192)


def test_input_size_refuses_heat_maps():
    with pytest.raises(ValueError, match='leave input_size out for heat maps'):
        WingLoss(input_size=(64, 64))(torch.rand(2, 3, 8, 8), torch.rand(2, 3, 8, 8))


# The unit trap

TRAPPED = [(WingLoss(), '5.0 x L1'), (WingLoss(40, 4), '10.0 x L1'),
           (RectifiedWingLoss(), '0 below 0.5'), (SoftWingLoss(), '1.0 x L1'),
           (SmoothL1Loss(), '0.5 x squared L2'),
           (GeneralRobustLoss(c=2), '0.125 x squared L2')]


@pytest.mark.parametrize('loss, left_over', TRAPPED, ids=lambda v: str(v))
def test_normalised_coordinates_warn_once(loss, left_over):
    loss = copy.deepcopy(loss)
    output, target = torch.rand(2, 3, 2), torch.rand(2, 3, 2)
    with pytest.warns(UserWarning, match=r'input_size=\(256, 256\)') as caught:
        loss(output, target)
    assert left_over in str(caught[0].message)
    assert 'decoder=codec' in str(caught[0].message)
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        loss(output, target)


@pytest.mark.parametrize('loss, scale', [
    (WingLoss(), 64.0), (WingLoss(input_size=(64, 64)), 1.0), (L1Loss(), 1.0),
    (L2Loss(), 1.0), (WingLoss(0.04, 0.008), 1.0), (GeneralRobustLoss(alpha=2), 1.0)],
    ids=str)
def test_what_is_no_trap_does_not_warn(loss, scale):
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        loss(scale * torch.rand(2, 3, 2), scale * torch.rand(2, 3, 2))


@pytest.mark.parametrize('loss, left_over', TRAPPED, ids=lambda v: str(v))
def test_heat_maps_warn_once(loss, left_over):
    loss = copy.deepcopy(loss)
    output, target = torch.rand(2, 3, 8, 8), torch.rand(2, 3, 8, 8)
    with pytest.warns(UserWarning, match='heat maps with values up to') as caught:
        loss(output, target, torch.ones(2, 3))
    message = str(caught[0].message)
    assert left_over in message
    assert 'mmwing.AdaptiveWingLoss or mmwing.HeatmapWingLoss' in message
    assert 'input_size' not in message  # which heat maps do not have
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        loss(output, target)


@pytest.mark.parametrize('loss, scale', [
    (AdaptiveWingLoss(), 1.0), (HeatmapWingLoss(), 1.0), (WingLoss(0.5, 1), 1.0),
    (SmoothL1Loss(0.1), 1.0), (L1Loss(), 1.0), (L2Loss(), 1.0),
    (WingLoss(), 255.0)], ids=str)
def test_losses_in_heat_map_values_do_not_warn(loss, scale):
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        loss(scale * torch.rand(2, 3, 8, 8), scale * torch.rand(2, 3, 8, 8))


def normalised(kind, n=8):
    """Targets as codecs make them, one of them just outside of the usual range."""
    target = torch.rand(n, 20, 2)
    if kind == '[-1, 1]':
        target = 2 * target - 1
    elif kind == 'standardised':
        target = (target - target.mean()) / target.std()
    target[0, 0] = -1.2
    return target


@pytest.mark.parametrize('kind', ['[0, 1]', '[-1, 1]', 'standardised'])
def test_coordinates_in_any_normalised_range_warn(kind):
    target = normalised(kind)
    with pytest.warns(UserWarning, match='look normalised'):
        WingLoss()(target + 0.1, target)


@pytest.mark.parametrize('odd', [
    torch.zeros(8, 20, 2), 50 * torch.rand(8, 20, 2),
    torch.full((8, 20, 2), math.nan)], ids=['all zero', 'pixels', 'unknown'])
def test_an_odd_first_batch_does_not_silence_the_guard(odd):
    loss, target = WingLoss(), normalised('[0, 1]')
    loss(odd, odd)
    with pytest.warns(UserWarning, match='look normalised'):
        loss(target, target)


def test_the_guard_stops_looking():
    """A GPU is synchronised with in the first batches only."""
    loss, target = WingLoss(), 64 * torch.rand(8, 20, 2)
    for _ in range(base.LOOKS):
        loss(target, target)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        loss(target / 64, target / 64)


def test_pixels_that_would_be_scaled_once_more_warn():
    loss, target = WingLoss(input_size=(64, 64)), 64 * torch.rand(2, 20, 2)
    with pytest.warns(UserWarning, match='look like pixels already'):
        loss(target, target)
    face_and_neighbours = 4 * torch.rand(2, 20, 2) - 2
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        WingLoss(input_size=(64, 64))(face_and_neighbours, face_and_neighbours)


# Lengths

@pytest.fixture
def logged(monkeypatch):
    """What is logged, in order."""
    lines = []
    monkeypatch.setattr(base, 'print_log',
                        lambda message, logger: lines.append(message))
    return lines


@pytest.mark.parametrize(('loss', 'advice'), [
    (WingLoss(input_size=(256, 256)),
     'WingLoss has its default lengths, omega=10 epsilon=2, which are made for inputs '
     'of 64 pixels; the same shape at 256 pixels is omega=40 epsilon=8'),
    (SmoothL1Loss(input_size=(128, 96)), 'at 128 pixels is beta=2')], ids=str)
def test_default_lengths_at_another_input_are_logged_once(loss, advice, logged):
    target = torch.rand(2, 20, 2)
    for _ in range(3):
        loss(target, target)
    assert len(logged) == 1 and advice in logged[0]


@pytest.mark.parametrize('loss', [
    WingLoss(40, 8, input_size=(256, 256)), WingLoss(omega=20, input_size=(256, 256)),
    WingLoss(input_size=(64, 64)), L1Loss(input_size=(256, 256)), WingLoss(40, 8)],
    ids=str)
def test_lengths_of_the_users_own_are_not_commented_on(loss, logged):
    target = 20 * torch.rand(2, 20, 2)
    loss = copy.deepcopy(loss)
    loss(target, target)
    assert logged == []


class WideWingLoss(WingLoss):
    """A loss of a user's, with other defaults."""

    def __init__(self, omega: float = 20.0, **kwargs):
        super().__init__(omega, **kwargs)


def test_the_lengths_of_a_derived_loss_scale_too():
    assert WideWingLoss.scaled_lengths(128) == dict(omega=40, epsilon=4)


def test_the_unit_check_waits_for_annotated_points(look):
    loss = WingLoss()
    output, target = torch.rand(2, 3, 2), torch.rand(2, 3, 2)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        loss(output, target, torch.zeros(2, 3))
    far = target.clone()
    far[0] = 1000  # not annotated, so it says nothing
    weight = torch.ones(2, 3)
    weight[0] = 0
    with pytest.warns(UserWarning, match='look normalised'):
        loss(output, far, weight)


# Weights

@every_loss
@pytest.mark.parametrize('shape', [(4, 5), (4, 5, 1), (4, 5, 2), (4, 1), (4, ),
                                   (1, 5), (1, 1, 2)], ids=str)
def test_weights_multiply_the_penalty(loss_type, shape, look):
    output, target = coordinates()
    weight = torch.rand(shape) * 3
    loss = loss_type(reduction='none')
    broadcast = weight.reshape(shape + (1, ) * (3 - len(shape)))
    torch.testing.assert_close(loss(output, target, weight),
                               plain(loss, output, target) * broadcast)


@every_loss
@pytest.mark.parametrize('reduction', base.REDUCTIONS)
def test_linear_in_the_weight(loss_type, reduction):
    output, target = coordinates()
    loss = loss_type(reduction=reduction)
    one, two = torch.rand(4, 5) + 0.1, torch.rand(4, 5) + 0.1
    torch.testing.assert_close(
        loss(output, target, 2 * one + 3 * two),
        2 * loss(output, target, one) + 3 * loss(output, target, two))


@pytest.mark.filterwarnings('ignore:.*are heat maps with values')
@pytest.mark.parametrize('shape', [(2, 3), (2, 3, 1, 1), (2, 3, 8, 6), (2, 1, 8, 6)],
                         ids=str)
@pytest.mark.parametrize('loss_type', [L2Loss, WingLoss])
def test_weights_on_heat_maps(loss_type, shape, look):
    output, target = torch.rand(2, 3, 8, 6), torch.rand(2, 3, 8, 6)
    weight = torch.rand(shape)
    loss = loss_type(reduction='none')
    broadcast = weight.reshape(shape + (1, ) * (4 - len(shape)))
    torch.testing.assert_close(loss(output, target, weight),
                               plain(loss, output, target) * broadcast)


def test_mask_multiplies_the_weight():
    output, target = torch.rand(2, 3, 8, 6), torch.rand(2, 3, 8, 6)
    weight, mask = torch.rand(2, 3), torch.rand(2, 1, 8, 6) > 0.5
    loss = L2Loss(reduction='none')
    expected = plain(loss, output, target) * weight[..., None, None] * mask
    torch.testing.assert_close(loss(output, target, weight, mask), expected)
    torch.testing.assert_close(
        L2Loss(use_target_weight=False)(output, target, weight, mask),
        L2Loss()(output, target, None, mask))


def test_weights_can_be_switched_off():
    output, target = coordinates()
    loss = WingLoss(use_target_weight=False)
    assert loss(output, target, torch.zeros(4, 5)) == WingLoss()(output, target)


@pytest.mark.parametrize('dtype', [torch.bool, torch.int64, torch.float64,
                                   torch.float16], ids=str)
def test_weights_of_any_dtype(dtype):
    output, target = coordinates()
    weight = torch.rand(4, 5) > 0.5
    torch.testing.assert_close(WingLoss()(output, target, weight.to(dtype)),
                               WingLoss()(output, target, weight.float()))


# Reduction

@every_loss
def test_reductions(loss_type, look):
    output, target = coordinates()
    weight = (torch.rand(4, 5, generator=torch.Generator().manual_seed(1)) > 0.4) * 2.0
    entries = (plain(loss_type(), output, target) * weight[..., None]).detach()
    expected = {'none': entries, 'sum': entries.sum(),
                'batch_mean': entries.sum() / 4,
                'mean': entries.sum() / (2 * (weight > 0).sum())}
    for reduction, value in expected.items():
        loss = loss_type(reduction=reduction, loss_weight=0.5)
        torch.testing.assert_close(loss(output, target, weight).detach(), 0.5 * value)


def test_mean_without_weights_is_over_everything():
    output, target = coordinates()
    torch.testing.assert_close(L1Loss(reduction='mean')(output, target),
                               (output - target).abs().mean())


def test_mean_counts_no_missing_target(look):
    output, target = coordinates()
    target[1, 2, 0] = math.nan
    kept = (output - target).abs()[target == target]
    torch.testing.assert_close(L1Loss(reduction='mean')(output, target), kept.mean())
    weight = torch.ones(4, 5)
    weight[0] = 0
    torch.testing.assert_close(
        L1Loss(reduction='mean')(output, target, weight),
        (output - target).abs()[1:][target[1:] == target[1:]].mean())


@every_loss
@pytest.mark.parametrize('reduction', base.REDUCTIONS)
def test_an_empty_batch_is_zero(loss_type, reduction):
    output = torch.rand(0, 5, 2, requires_grad=True)
    value = loss_type(reduction=reduction)(output, torch.rand(0, 5, 2)).sum()
    value.backward()
    assert value.item() == 0


# What is not annotated, and what has diverged

# 1024 x 1e18 squared does not fit float32.
WILD = [math.nan, math.inf, -math.inf, 1e30, 1e18, -1000.0]


@pytest.mark.filterwarnings('ignore:.*look like pixels already')
@every_loss
@pytest.mark.parametrize('reduction', ['batch_mean', 'mean', 'none'])
@pytest.mark.parametrize('wild', WILD)
def test_weight_zero_silences_any_target(loss_type, wild, reduction, look):
    output, target = coordinates()
    weight = torch.ones(4, 5)
    weight[1, 2] = weight[3, 4] = 0
    wild_target = target.clone()
    wild_target[1, 2] = wild
    loss = loss_type(reduction=reduction, input_size=(1024, 1024))
    value, expected = loss(output, wild_target, weight), loss(output, target, weight)
    torch.testing.assert_close(value, expected)
    gradient, = torch.autograd.grad(value.sum(), output)
    torch.testing.assert_close(
        gradient, torch.autograd.grad(expected.sum(), output)[0])
    assert (gradient[1, 2] == 0).all() and (gradient[3, 4] == 0).all()


@every_loss
def test_nan_target_with_weight_is_not_annotated(loss_type, look):
    output, target = coordinates()
    target[2, 1] = math.nan
    weight = torch.ones(4, 5)
    without = weight.clone()
    without[2, 1] = 0
    for given in (None, weight):
        value = loss_type()(output, target, given)
        torch.testing.assert_close(value, loss_type()(output, target, without))
        gradient, = torch.autograd.grad(value, output)
        assert gradient.isfinite().all()
        assert (gradient[2, 1] == 0).all()


@every_loss
@pytest.mark.parametrize('reduction', base.REDUCTIONS)
def test_nothing_annotated_is_zero(loss_type, reduction, look):
    output, target = coordinates()
    for value in (loss_type(reduction=reduction)(output, target, torch.zeros(4, 5)),
                  loss_type(reduction=reduction)(output, target * math.nan)):
        gradient, = torch.autograd.grad(value.sum(), output)
        assert (value == 0).all()
        assert (gradient == 0).all()


@every_loss
@pytest.mark.parametrize('weighted', [1.0, 0.0])
@pytest.mark.parametrize('annotated', [True, False])
def test_nan_in_the_output_surfaces(loss_type, weighted, annotated, look):
    output, target = coordinates()
    output = output.detach()
    output[1, 1, 0] = math.nan
    if not annotated:
        target[1, 1] = math.nan
    weight = torch.full((4, 5), weighted)
    assert loss_type()(output, target, weight).isnan()


@pytest.mark.parametrize('loss', [
    *(loss_type() for loss_type in LOSSES),
    *(GeneralRobustLoss(alpha=alpha) for alpha in (-0.5, -2, -math.inf))], ids=str)
@pytest.mark.parametrize('value', [math.inf, -math.inf])
def test_an_infinite_output_surfaces(loss, value, look):
    """Also where the penalty of a large residual is bounded."""
    output, target = coordinates()
    output = output.detach()
    output[1, 1, 0] = value
    assert not loss(output, target).isfinite()


def test_infinite_target_with_weight_surfaces(look):
    output, target = coordinates()
    target[0, 0, 0] = math.inf
    assert not WingLoss()(output, target).isfinite()


# Dtypes

@every_loss
@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16], ids=str)
def test_half_precision_is_computed_in_float32(loss_type, dtype):
    output, target = coordinates()
    half = output.detach().to(dtype).requires_grad_()
    value = loss_type()(half, target)
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, loss_type()(half.detach().float(), target))
    value.backward()
    assert half.grad.dtype == dtype and half.grad.isfinite().all()


@every_loss
def test_the_output_decides_the_dtype(loss_type):
    output, target = coordinates()
    value = loss_type()(output, target.double())
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, loss_type()(output, target))
    assert loss_type()(output.double(), target).dtype == torch.float64
    whole = target.round()
    torch.testing.assert_close(loss_type()(output, whole.long()),
                               loss_type()(output, whole))


@every_loss
def test_autocast(loss_type):
    layer = nn.Linear(8, 10)
    target = 64 * torch.rand(4, 5, 2)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        output = layer(torch.rand(4, 8)).reshape(4, 5, 2)
        assert output.dtype == torch.bfloat16
        value = loss_type()(output, target, torch.ones(4, 5))
    assert value.dtype == torch.float32
    value.backward()
    assert layer.weight.grad.isfinite().all()


# Bad input

@every_loss
def test_bad_arguments(loss_type):
    with pytest.raises(ValueError, match="reduction must be one of.*got 'avg'"):
        loss_type(reduction='avg')
    with pytest.raises(TypeError, match='gamma'):
        loss_type(gamma=1)
    for weight in ('1', math.nan, math.inf, -1, True, 10**400):
        with pytest.raises(ValueError, match='loss_weight must be a finite number'):
            loss_type(loss_weight=weight)
    with pytest.raises(TypeError, match="use_target_weight must be.*got 'no'"):
        loss_type(use_target_weight='no')


@every_loss
def test_bad_tensors(loss_type):
    name = loss_type.__name__
    output, target = torch.rand(4, 5, 2), torch.rand(4, 5, 2)
    loss = loss_type(input_size=(64, 64))
    with pytest.raises(ValueError, match=rf'{name}: output \(4, 5, 2\) and target '
                                         r'\(4, 10\)'):
        loss(output, target.reshape(4, 10))
    with pytest.raises(ValueError, match=r'target_weight \(5, 4\) does not broadcast'):
        loss(output, target, torch.ones(5, 4))
    with pytest.raises(ValueError, match='target_weight'):
        loss(output, target, torch.ones(4, 5, 2, 1))
    with pytest.raises(ValueError, match=r'mask \(4, 5\) must have as many dim'):
        loss(output, target, None, torch.ones(4, 5))
    negative = torch.ones(4, 5)
    negative[1, 2] = -0.5
    for argument, given in (('target_weight', (negative, )),
                            ('mask', (None, negative[..., None]))):
        with pytest.raises(ValueError, match=f'{argument} must not be negative, got '
                                             '-0.5'):
            loss(output, target, *given)
    with pytest.raises(TypeError, match='floating point, got torch.int64'):
        loss(output.long(), target)
    with pytest.raises(ValueError, match=r'\(N, K, 2\)'):
        loss_type()(torch.rand(3), torch.rand(3))


def test_a_loss_without_penalty_says_so():
    with pytest.raises(NotImplementedError, match='ResidualLoss names no penalty'):
        ResidualLoss()(torch.rand(1, 2, 2), torch.rand(1, 2, 2))


# A module like any other

@every_loss
def test_holds_no_state(loss_type):
    assert loss_type(input_size=(64, 64)).state_dict() == {}
    copied = copy.deepcopy(loss_type(input_size=(64, 48)))
    assert copied.input_size == (64, 48)


@every_loss
def test_compiles_without_graph_breaks(loss_type):
    output, target = coordinates()
    target[0, 0] = math.nan
    weight = torch.ones(4, 5, 1)
    loss = loss_type(input_size=(2, 3))
    compiled = torch.compile(loss_type(input_size=(2, 3)), backend='aot_eager',
                             fullgraph=True)
    for _ in range(2):
        expected = loss(output, target, weight)
        value = compiled(output, target, weight)
        torch.testing.assert_close(value, expected)
        torch.testing.assert_close(torch.autograd.grad(value, output),
                                   torch.autograd.grad(expected, output))


@every_loss
def test_function_transforms(loss_type):
    """torch.func: gradients, one for each face, and the Jacobian of the entries."""
    output, target = coordinates()
    output, loss = output.detach(), loss_type()
    entries = loss_type(reduction='none')
    leaf = output.clone().requires_grad_()
    expected, = torch.autograd.grad(loss(leaf, target), leaf)
    torch.testing.assert_close(torch.func.grad(loss)(output, target), expected)
    each = torch.func.vmap(torch.func.grad(
        lambda o, t: entries(o, t).sum()))(output, target)
    torch.testing.assert_close(each / 4, expected)
    jacobian = torch.func.jacrev(entries)(output[0], target[0])
    torch.testing.assert_close(jacobian.reshape(10, 10).diagonal() / 4,
                               expected[0].flatten())


@every_loss
@pytest.mark.parametrize('reduction', ['batch_mean', 'mean'])
@pytest.mark.parametrize('size', [(64, 48), (64, 64)], ids=str)
def test_no_step_after_the_first_ones_synchronises(loss_type, reduction, size):
    """On the device `meta`, which has no values to look at, as a GPU would be used."""
    loss = loss_type(input_size=size, reduction=reduction)
    output, target = coordinates(size=1.0)
    for _ in range(base.LOOKS):
        loss(output, target)
    output = torch.rand(4, 5, 2, device='meta', requires_grad=True)
    target = torch.rand(4, 5, 2, device='meta')
    weight = torch.rand(4, 5, 1, device='meta')
    with no_synchronisation():
        loss(output, target, weight).backward()


@every_loss
def test_gradients_through_the_module(loss_type):
    generator = np.random.default_rng(0)
    target = torch.from_numpy(generator.uniform(0, 1, (2, 3, 2)))
    output = torch.from_numpy(generator.uniform(0, 1, (2, 3, 2))).requires_grad_()
    loss = loss_type(input_size=(64, 48), reduction='mean')
    weight = torch.rand(2, 3)
    assert torch.autograd.gradcheck(lambda o: loss(o, target, weight), output)


def test_shapes_that_would_broadcast_are_refused():
    with pytest.raises(ValueError, match='shape'):
        WingLoss(input_size=(64, 64))(torch.zeros(2, 3, 2), torch.zeros(2, 1, 2))
