"""Where figures come from, read from configs and checkpoints."""

from hashlib import sha256
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmwing.config import load_config
from mmwing.evaluation.provenance import (
    describe_checkpoint,
    describe_config,
    loss_text,
    stack_versions,
)
from mmwing.models.losses import L1Loss

CNN6 = 'td-reg_cnn6_wing_1xb64-24e_synthetic-64x64'


def head(**loss):
    return {'head': {'loss': loss, 'decoder': {'input_size': (64, 64)}}}


@pytest.mark.parametrize(('model', 'text'), [
    (head(type='mmwing.WingLoss'), 'WingLoss'),
    (head(type='mmwing.WingLoss', omega=5, epsilon=.5),
     'WingLoss(omega=5,epsilon=0.5)'),
    (head(type='WingLoss', use_target_weight=True), 'mmpose:WingLoss'),
    (head(type='mmpose.WingLoss', use_target_weight=False),
     'mmpose:WingLoss(use_target_weight=False)'),
    (head(type=L1Loss), 'L1Loss'),
    # The unit that the head would hand over goes without saying, another does not.
    (head(type='mmwing.WingLoss', input_size=[64, 64]), 'WingLoss'),
    (head(type='mmwing.WingLoss', input_size=(32, 32)),
     'WingLoss(input_size=(32, 32))'),
    ({'stage1': head(type='mmwing.L1Loss'), 'stage2': head(type='mmwing.WingLoss')},
     'L1Loss + WingLoss'),
    (head(type='MultipleLossWrapper', losses=[
        {'type': 'mmwing.WingLoss'}, {'type': 'BoneLoss', 'joint_parents': [0]}]),
     'WingLoss + mmpose:BoneLoss(joint_parents=[0])'),
    ({'backbone': {}}, '')])
def test_a_loss_as_text(model, text):
    assert loss_text(model) == text


def test_what_a_config_tells():
    cfg = load_config(CNN6, {'model.head.loss.omega': 5})
    assert describe_config(cfg) == {
        'config': CNN6, 'loss': 'WingLoss(omega=5)', 'split': ''}
    inner = {'ann_file': 'a.json'}
    cfg = Config({'val_dataloader': {'dataset': {'type': 'X', 'dataset': inner}},
                  'test_dataloader': {'dataset': {'datasets': [
                      inner, {'dataset': {'ann_file': 'b.json'}}]}}})
    assert describe_config(cfg, 'val')['split'] == 'a.json'
    assert describe_config(cfg)['split'] == 'a.json + b.json'


def save(path, **meta):
    torch.save({'state_dict': {}, 'meta': meta}, path)
    return str(path)


def test_what_a_checkpoint_tells_of_its_training(tmp_path):
    """The loss that was trained, not that of the config which tests it."""
    cfg = load_config(CNN6, {'model.head.loss.type': 'mmwing.L1Loss'})
    path = save(tmp_path / 'epoch_1.pth', seed=3, cfg=cfg.pretty_text)
    assert describe_checkpoint(path) == {
        'checkpoint': f'{tmp_path.name}/epoch_1.pth', 'seed': 3, 'loss': 'L1Loss',
        'checkpoint_sha256': sha256(Path(path).read_bytes()).hexdigest()}


@pytest.mark.parametrize('text', [
    'model = __import__("os").system("touch {0}")',
    'import os\nos.system("touch {0}")\nmodel = dict(head=dict(loss=dict(type="X")))',
    'model = dict(head=dict(loss=dict(type=open("{0}", "w").name)))',
    'model = dict(**{{"head": open("{0}", "w")}})',
    'model = dict(open("{0}", "w"))',
    'model = ' + '(' * 100_000, 'model = [', 'x = 1', None])
def test_the_config_of_a_checkpoint_is_never_executed(text, tmp_path):
    trace = tmp_path / 'it_ran'
    text = text and text.format(trace)
    facts = describe_checkpoint(save(tmp_path / 'a.pth', cfg=text, seed='x'))
    assert not trace.exists()
    assert facts.get('loss') in (None, 'mmpose:X') and 'seed' not in facts


def test_versions_name_what_figures_depend_on():
    versions = stack_versions()
    assert versions['torch'] == torch.__version__
    assert {'mmwing', 'python', 'mmpose', 'mmengine', 'numpy'} <= set(versions)
