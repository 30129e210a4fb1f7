"""Trainings of another length go through the same schedule."""

import pytest
from mmengine.config import Config

from mmwing.comparison import set_epochs, set_iters
from mmwing.config import load_config

CNN6 = 'td-reg_cnn6_wing_1xb64-24e_synthetic-64x64'
PAPER = 'td-reg_cnn6_wing_1xb8-120k_300w-64x64'


def make_config(hooks=None, schedulers=None):
    return Config(dict(train_cfg=dict(max_epochs=60), param_scheduler=schedulers,
                       custom_hooks=hooks))


def test_a_longer_schedule_reaches_the_same_end():
    cfg = load_config(CNN6)
    set_epochs(cfg, 48)
    assert cfg.train_cfg.max_epochs == 48
    assert (cfg.param_scheduler[1].end, cfg.param_scheduler[1].T_max) == (48, 47)
    assert cfg.param_scheduler[0].end == 1
    with pytest.raises(ValueError, match='--epochs'):
        set_iters(cfg, 100)


def test_a_shorter_training_by_iterations_decays_as_far():
    cfg = load_config(PAPER)
    set_iters(cfg, 1000)
    assert cfg.param_scheduler[0].gamma**1000 == pytest.approx(0.01)
    assert cfg.train_cfg.max_iters == 1000 == cfg.train_cfg.val_interval
    with pytest.raises(ValueError, match='--iters.*--tune-iters'):
        set_epochs(cfg, 2)


@pytest.mark.parametrize('epochs, steps', [(12, 4), (120, 40), (1, 1)])
def test_the_rate_falls_as_often(epochs, steps):
    cfg = make_config(None, [dict(type='StepLR', step_size=20, gamma=0.1)])
    set_epochs(cfg, epochs)
    assert cfg.param_scheduler[0].step_size == steps


@pytest.mark.parametrize('kind', [
    'mmwing.PipelineSwitchHook', 'mmdet.PipelineSwitchHook', 'mmwing.LossSwitchHook'])
@pytest.mark.parametrize('epoch, epochs, expected', [
    (40, 12, 8), (40, 120, 80), (40, 60, 40), (59, 6, 5), (40, 1, 0), (0, 12, 0),
    (60, 6, 6)])
def test_a_switch_comes_at_the_same_share(kind, epoch, epochs, expected):
    cfg = make_config([dict(type=kind, switch_epoch=epoch)])
    set_epochs(cfg, epochs)
    assert cfg.custom_hooks[0].switch_epoch == expected


@pytest.mark.parametrize('span, epochs, expected', [
    (dict(begin=20, end=50), 12, dict(begin=4, end=10)),
    (dict(begin=20, end=50), 1, dict(begin=0, end=1)),
    (dict(begin=58), 6, dict(begin=4)), (dict(end=30), 12, dict(end=6)), ({}, 12, {}),
    (dict(begin=59, end=60), 60, dict(begin=59, end=60))])
def test_an_annealing_takes_the_same_share(span, epochs, expected):
    cfg = make_config([dict(type='mmwing.LossAnnealingHook', **span)])
    set_epochs(cfg, epochs)
    cfg.custom_hooks[0].pop('type')
    assert cfg.custom_hooks[0] == expected
