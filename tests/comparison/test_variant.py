"""What stands on the command line, and the config that comes of it."""

import pytest
from mmengine.config import Config

from mmwing.comparison import Variant
from mmwing.config import load_config

CNN6 = 'td-reg_cnn6_wing_1xb64-24e_synthetic-64x64'
CASCADE = 'td-reg_cnn6-7-cascade_wing_1xb64-24e_synthetic-128x128'


@pytest.mark.parametrize('text', [
    'WingLoss', 'WingLoss(omega=5,epsilon=1.5)', 'mmpose:WingLoss', 'WingLoss@stock',
    'mmpose:SmoothL1Loss(beta=2.0)@config'])
def test_a_loss_is_read_and_written(text):
    assert str(Variant.parse(text)) == text


def test_a_label_and_what_stands_behind_it():
    variant = Variant.labelled('all', [
        'mmpose:WingLoss(omega=5)@config', 'config:other', 'model.jitter=0.1',
        'model.input_size=64,64', 'a.indices=[1, 2]'])
    assert (variant.name, variant.origin, variant.head) == (
        'WingLoss', 'mmpose', 'config')
    assert variant.arguments == {'omega': 5} and variant.config == 'other'
    assert variant.options == {'model.jitter': 0.1, 'model.input_size': [64, 64],
                               'a.indices': [1, 2]}
    assert str(variant) == 'all'


@pytest.mark.parametrize('label, words', [
    ('x', ['WingLoss', 'L1Loss']), ('x', ['config:a', 'config:b']), (' ', []),
    ('x', ['Wing Loss'])])
def test_what_cannot_be_understood(label, words):
    with pytest.raises(ValueError, match='loss|variant'):
        Variant.labelled(label, words)


def test_a_label_alone_is_the_config_as_it_is():
    cfg = load_config(CNN6)
    assert Variant.labelled('base').apply(cfg).to_dict() == cfg.to_dict()


def test_keys_and_loss_change_and_the_rest_stays():
    cfg = load_config(CNN6)
    before = cfg.to_dict()
    changed = Variant.labelled('x', ['L1Loss', 'model.test_cfg.flip_test=False']).apply(
        cfg)
    assert cfg.to_dict() == before
    assert changed.model.head.loss == {'type': 'mmwing.L1Loss'}
    assert changed.model.test_cfg.flip_test is False
    changed.model.head.loss = cfg.model.head.loss
    changed.model.test_cfg.flip_test = True
    assert changed.to_dict() == before


def test_each_stage_of_a_cascade_gets_the_loss():
    cfg = Variant.parse('WingLoss(omega=5)').apply(load_config(CASCADE))
    for stage in (cfg.model.stage1, cfg.model.stage2):
        assert stage.head.loss == {'type': 'mmwing.WingLoss', 'omega': 5}
    cfg = Variant.parse('WingLoss@stock').apply(load_config(CASCADE))
    assert [stage.head.loss.input_size for stage in (
        cfg.model.stage1, cfg.model.stage2)] == [(64, 64), (128, 128)]


@pytest.mark.parametrize('ours, theirs', [('WingLoss', 'mmpose:WingLoss')])
def test_on_the_stock_head_only_the_loss_differs(ours, theirs):
    """The unit trap is shown with the same head, the same everything else."""
    first, second = (Variant.parse(text).apply(load_config(CNN6)).to_dict()
                     for text in (f'{ours}@stock', theirs))
    losses = [cfg['model']['head'].pop('loss') for cfg in (first, second)]
    assert first == second
    assert first['model']['head']['type'] == 'mmpose.RegressionHead'
    assert losses[0] == {'type': 'mmwing.WingLoss', 'input_size': (64, 64)}
    assert losses[1] == {'type': 'mmpose.WingLoss', 'use_target_weight': True}


@pytest.mark.parametrize('text, unit', [
    ('WingLoss', 'pixels'), ('mmpose:WingLoss', 'normalised'),
    ('AdaptiveWingLoss', 'heat map'), ('mmpose:KeypointMSELoss@config', 'heat map')])
def test_unit_of_a_loss(text, unit):
    assert Variant.parse(text).unit == unit
    assert Variant.labelled('as it is').unit == ''


@pytest.mark.parametrize('variant, message', [
    (lambda: Variant.parse('WingLos'), 'WingLos'),
    (lambda: Variant.parse('WingLoss(beta=1)'), 'beta'),
    (lambda: Variant.labelled('x', ['train_dataloader.dataset.pipeline.99.p=1']), 'x'),
])
def test_what_does_not_fit_is_named(variant, message):
    with pytest.raises(ValueError, match=message):
        variant().apply(load_config(CNN6))


def test_a_model_without_head_is_refused():
    with pytest.raises(ValueError, match=r'no model\.head'):
        Variant.parse('WingLoss').apply(Config(dict(model=dict(type='X'))))
