"""LossAnnealingHook: the values of each epoch, and what it refuses."""

from types import SimpleNamespace

import numpy as np
import pytest
from mmengine.logging import MessageHub, MMLogger
from mmengine.registry import init_default_scope
from mmengine.runner import IterBasedTrainLoop, Runner
from torch import nn

import mmwing
from mmwing.engine import LossAnnealingHook, LossSwitchHook, PipelineSwitchHook

WING = dict(omega=(16., 4.), epsilon=(2., .5))


def make_runner(*losses, max_epochs=10):
    return SimpleNamespace(
        epoch=0, max_epochs=max_epochs, train_loop=None, model=nn.ModuleList(losses),
        message_hub=MessageHub.get_instance(f'annealing-{id(losses)}'))


def run(hook, runner, epochs=None):
    hook.before_train(runner)
    values = []
    for epoch in epochs or range(runner.max_epochs):
        runner.epoch = epoch
        hook.before_train_epoch(runner)
        hook.after_train_iter(runner, 0)
        values.append({name: getattr(runner.model[0], name)
                       for name in hook.arguments})
    return values


def test_a_geometric_curve_keeps_the_shape_of_wing():
    hook = LossAnnealingHook(WING, begin=2, end=6)
    values = run(hook, make_runner(mmwing.WingLoss()))
    omega, epsilon = (np.array([each[name] for each in values])
                      for name in ('omega', 'epsilon'))
    np.testing.assert_allclose(omega[:3], 16)
    np.testing.assert_allclose(omega[6:], 4)
    np.testing.assert_allclose(omega[3:7] / omega[2:6], 4**-.25)
    np.testing.assert_allclose(omega / epsilon, 8)


def test_a_linear_curve_ends_with_the_training_and_may_cross_zero():
    hook = LossAnnealingHook(dict(alpha=(1, -2)), curve='linear')
    values = run(hook, make_runner(mmwing.GeneralRobustLoss(), max_epochs=7))
    np.testing.assert_allclose([each['alpha'] for each in values],
                               [1, .5, 0, -.5, -1, -1.5, -2])


def test_what_a_loss_hands_on_to_its_base_is_an_argument():
    hook = LossAnnealingHook(dict(loss_weight=(1, .25)))
    values = run(hook, make_runner(mmwing.WingLoss(), max_epochs=3))
    np.testing.assert_allclose([each['loss_weight'] for each in values], [1, .5, .25])


@pytest.mark.parametrize('hook', [
    LossAnnealingHook(WING, end=60), PipelineSwitchHook(3, []),
    LossSwitchHook(0, dict(type='mmwing.WingLoss'))])
def test_a_training_by_iterations_has_no_epochs_to_act_by(hook):
    runner = make_runner(mmwing.WingLoss())
    runner.train_loop = object.__new__(IterBasedTrainLoop)
    with pytest.raises(ValueError, match=f'^{type(hook).__name__} counts epochs'):
        hook.before_train(runner)


def test_a_resumed_run_goes_on_exactly():
    whole = run(LossAnnealingHook(WING), make_runner(mmwing.WingLoss()))
    rest = run(LossAnnealingHook(WING), make_runner(mmwing.WingLoss()), range(6, 10))
    assert rest == whole[6:]


@pytest.mark.parametrize('order', [1, -1])
def test_a_loss_that_is_switched_to_has_the_values_at_once(order):
    """In whatever order a config lists the two."""
    init_default_scope('mmpose')
    annealing = LossAnnealingHook(dict(omega=(16., 4.)))
    switch = LossSwitchHook(4, dict(type='mmwing.RectifiedWingLoss'))
    listed = SimpleNamespace(_hooks=[])
    for hook in [annealing, switch][::order]:
        Runner.register_hook(listed, hook)
    runner = make_runner(mmwing.WingLoss())
    runner.logger = MMLogger.get_instance('annealing')
    for epoch in range(6):
        runner.epoch = epoch
        for hook in listed._hooks:
            hook.before_train_epoch(runner)
    loss, = runner.model
    assert type(loss) is mmwing.RectifiedWingLoss
    assert loss.omega == pytest.approx(16 * 4**(-5 / 9))


def test_losses_without_the_arguments_are_left_alone_and_values_are_logged():
    plain = mmwing.L1Loss()
    runner = make_runner(mmwing.WingLoss(), plain)
    run(LossAnnealingHook(WING), runner)
    assert not hasattr(plain, 'omega')
    assert runner.message_hub.get_scalar('train/loss_omega').current() == 4


def test_values_that_the_loss_refuses_on_the_way_are_found_before_training():
    hook = LossAnnealingHook(dict(omega=(10, 0.1)))
    with pytest.raises(ValueError, match=r'epoch \d+: RectifiedWingLoss: r must'):
        hook.before_train(make_runner(mmwing.RectifiedWingLoss(r=1.)))


def test_a_linear_annealing_of_a_length_across_zero_is_refused():
    hook = LossAnnealingHook(dict(omega=(10, -2)), curve='linear')
    with pytest.raises(ValueError, match=r'epoch 8: .*omega'):
        hook.before_train(make_runner(mmwing.WingLoss()))


@pytest.mark.parametrize(('kwargs', 'error', 'message'), [
    (dict(arguments=dict(omega=(10, -1))), ValueError, 'cannot reach or cross zero'),
    (dict(arguments=dict(omega=(10, 0))), ValueError, 'cannot reach or cross zero'),
    (dict(arguments={}), ValueError, 'at least one'),
    (dict(arguments=dict(omega=5)), TypeError, 'a first and a last value'),
    (dict(arguments=dict(omega=(1, 2, 3))), TypeError, 'a first and a last value'),
    (dict(arguments=dict(omega=(1, float('nan')))), TypeError, 'a first and a last'),
    (dict(arguments=WING, begin=-1), ValueError, 'begin must not be negative'),
    (dict(arguments=WING, begin=5, end=5), ValueError, 'end must be larger'),
    (dict(arguments=WING, curve='cosine'), ValueError, "got 'cosine'")])
def test_bad_arguments(kwargs, error, message):
    with pytest.raises(error, match=message):
        LossAnnealingHook(**kwargs)


def test_a_model_without_the_argument_is_refused():
    with pytest.raises(ValueError, match='no loss of the model has the arguments'):
        LossAnnealingHook(WING).before_train(make_runner(mmwing.L1Loss()))


def test_nothing_to_anneal_is_refused():
    with pytest.raises(ValueError, match='begin must be below the last epoch, 9'):
        LossAnnealingHook(WING, begin=9).before_train(make_runner(mmwing.WingLoss()))
