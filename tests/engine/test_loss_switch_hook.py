"""LossSwitchHook: when it switches, to what, and what it refuses."""

import copy
from types import SimpleNamespace

import pytest
import torch
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from mmpose.models.heads import DSNTHead
from torch import nn

import mmwing
from mmwing.engine import LossSwitchHook

WING = dict(type='mmwing.WingLoss', omega=5., epsilon=1.)


class Model(nn.Module):
    """Two heads, as in a cascade."""

    def __init__(self, *heads):
        super().__init__()
        self.stages = nn.ModuleList(heads)


def make_head(loss='mmwing.L1Loss'):
    return mmwing.DirectRegressionHead(
        4, 6, mean_shape=None, loss=dict(type=loss),
        decoder=dict(type='RegressionLabel', input_size=(128, 96)))


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmpose')


def make_runner(model, max_epochs=10):
    return SimpleNamespace(epoch=0, max_epochs=max_epochs, model=model, train_loop=None,
                           logger=MMLogger.get_current_instance())


def run(hook, runner, epochs):
    hook.before_train(runner)
    seen = []
    for epoch in epochs:
        runner.epoch = epoch
        hook.before_train_epoch(runner)
        seen.append([head.loss_module for head in runner.model.stages])
    return seen


def test_every_loss_switches_in_the_epoch_and_knows_the_input_size():
    runner = make_runner(Model(make_head(), make_head()))
    seen = run(LossSwitchHook(2, WING), runner, range(4))
    assert [[type(loss) for loss in losses] for losses in seen] == [
        [mmwing.L1Loss] * 2] * 2 + [[mmwing.WingLoss] * 2] * 2
    for loss in seen[-1]:
        assert (loss.omega, loss.epsilon, loss.input_size) == (5, 1, (128, 96))
    # Once: a loss that something else changed since is left alone.
    assert all(a is b for a, b in zip(seen[2], seen[3], strict=True))


def test_the_switched_loss_is_that_of_a_model_built_with_it():
    torch.manual_seed(0)
    switched, built = make_head(), make_head('mmwing.WingLoss')
    runner = make_runner(Model(switched))
    run(LossSwitchHook(0, dict(type='mmwing.WingLoss')), runner, [0])
    Model(built)  # gives the loss its unit
    output, target = torch.rand(2, 3, 6, 2)
    assert switched.loss_module(output, target) == built.loss_module(output, target)


def test_the_likelihood_of_the_confidence_stays():
    """Its constants belong to its penalty."""
    head = mmwing.DirectRegressionHead(
        4, 6, mean_shape=None, loss=dict(type='mmwing.L1Loss'), confidence={},
        decoder=dict(type='RegressionLabel', input_size=(128, 96)))
    distance, log_expected = torch.rand(2, 5)
    likelihood = head.confidence.likelihood
    before = likelihood(distance, log_expected)
    (loss, ), = run(LossSwitchHook(0, WING), make_runner(Model(head)), [0])
    assert type(loss) is mmwing.WingLoss
    assert torch.equal(likelihood(distance, log_expected), before)


def test_a_resumed_run_has_the_new_loss_at_once():
    (loss, ), = run(LossSwitchHook(2, WING), make_runner(Model(make_head())), [7])
    assert type(loss) is mmwing.WingLoss


def test_the_pair_of_a_dsnt_head_switches_its_coordinates_alone():
    head = DSNTHead(
        in_channels=4, in_featuremap_size=(8, 8), num_joints=6,
        loss=dict(type='MultipleLossWrapper', losses=[
            dict(type='mmwing.L1Loss', use_target_weight=True),
            dict(type='JSDiscretLoss', use_target_weight=True)]),
        decoder=dict(type='IntegralRegressionLabel', input_size=(32, 32),
                     heatmap_size=(8, 8), sigma=1.0))
    runner = make_runner(Model(head))
    pair = head.loss_module.loss_modules
    other = pair[1]
    run(LossSwitchHook(0, WING), runner, [0])
    assert type(pair[0]) is mmwing.WingLoss and pair[1] is other
    # As for a loss that was there from the start, see set_loss_units.
    assert (pair[0].input_size, pair[0].reduction) == ((32, 32), 'mean')


def test_another_kind_of_target_is_refused_before_training():
    hook = LossSwitchHook(1, dict(type='mmwing.AdaptiveWingLoss'))
    runner = make_runner(Model(make_head()))
    with pytest.raises(ValueError, match='AdaptiveWingLoss is for heat maps, but '
                       'L1Loss of DirectRegressionHead gets coordinates'):
        hook.before_train(runner)


def test_a_model_without_a_loss_of_ours_is_refused():
    head = make_head()
    head.loss_module = nn.L1Loss()
    with pytest.raises(ValueError, match='no loss of mmwing to exchange'):
        LossSwitchHook(1, WING).before_train(make_runner(Model(head)))


def test_a_switch_that_never_comes_is_refused():
    runner = make_runner(Model(make_head()), max_epochs=10)
    with pytest.raises(ValueError, match='below the 10 epochs .* got 10'):
        LossSwitchHook(10, WING).before_train(runner)


@pytest.mark.parametrize(('epoch', 'loss', 'error', 'message'), [
    (-1, WING, ValueError, 'switch_epoch must not be negative, got -1'),
    (1, dict(type='L1Loss'), TypeError, 'a loss of mmwing'),
    (1, dict(WING, omega=-1), ValueError, 'omega'),
    (1, dict(WING, beta=1), TypeError, 'beta')])
def test_bad_arguments(epoch, loss, error, message):
    with pytest.raises(error, match=message):
        LossSwitchHook(epoch, loss)


def test_the_config_is_not_changed():
    loss = copy.deepcopy(WING)
    run(LossSwitchHook(0, loss), make_runner(Model(make_head())), [0])
    assert loss == WING
