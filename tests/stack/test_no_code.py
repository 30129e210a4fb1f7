"""No text of a checkpoint is executed, whoever loads it, and no path of it is used.

Each field that MMEngine, MMPose or mmcv execute or delete holds an attack, and each way
by which a user hands over a checkpoint is taken.
"""

import contextlib
import copy
import json
from pathlib import Path

import pytest
import torch
from mmengine.runner import CheckpointLoader
from mmpose.apis import Pose2DInferencer, init_model

import mmwing
from mmwing.config import build_runner, check_weights, load_config
from mmwing.stack.checkpoints import CONFIG_TEXT_KEY, without_code

CONFIG = 'td-reg_cnn6_wing_1xb64-24e_synthetic-64x64'
OPTIONS = {'model.backbone.widen_factor': 0.125, 'model.head.in_channels': 256,
           'model.head.hidden_channels': 16, 'train_cfg.max_epochs': 1,
           'train_dataloader.batch_size': 4,
           'train_dataloader.dataset.num_samples': 4,
           'val_dataloader.dataset.num_samples': 2,
           'test_dataloader.dataset.num_samples': 2, **{
               f'{split}_dataloader.{key}': value for split in ('train', 'val', 'test')
               for key, value in (('num_workers', 0), ('persistent_workers', False))}}
#: Where a checkpoint has text that one of the libraries executes.
FIELDS = ['meta.config', 'meta.cfg', 'message_hub.runtime_info.cfg']


def small_config(work_dir: Path):
    cfg = load_config(CONFIG, OPTIONS)
    cfg.work_dir = str(work_dir)
    cfg.experiment_name = work_dir.name
    return cfg


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """What a checkpoint of one epoch holds."""
    folder = tmp_path_factory.mktemp('trained')
    build_runner(small_config(folder)).train()
    return torch.load(folder / 'epoch_1.pth', weights_only=False)


@pytest.fixture
def flag(tmp_path):
    """The file that the attack makes."""
    return tmp_path / 'executed'


@pytest.fixture
def attack(trained, tmp_path, flag):
    """A checkpoint with an attack in a field."""

    def make(field: str) -> str:
        content = copy.deepcopy(trained)
        owner = content
        *parents, key = field.split('.')
        for name in parents:
            owner = owner.setdefault(name, {})
        owner[key] = f"open({str(flag)!r}, 'w').close()\nmodel = dict(type='x')"
        path = tmp_path / 'epoch_1.pth'
        torch.save(content, path)
        return str(path)

    return make


def resume(checkpoint: str) -> None:
    cfg = small_config(Path(checkpoint).parent / 'work')
    cfg.resume, cfg.load_from = True, checkpoint
    runner = build_runner(cfg)
    runner.train()
    assert runner.epoch == 1  # it went on from there


def load_from(checkpoint: str) -> None:
    cfg = small_config(Path(checkpoint).parent / 'work')
    cfg.load_from = checkpoint
    build_runner(cfg).train()


def pretrained(checkpoint: str) -> None:
    cfg = small_config(Path(checkpoint).parent / 'work')
    cfg.model.init_cfg = dict(type='Pretrained', checkpoint=checkpoint)
    build_runner(cfg).model.init_weights()


def test(checkpoint: str) -> None:
    cfg = small_config(Path(checkpoint).parent / 'work')
    cfg.load_from = checkpoint
    runner = build_runner(cfg)
    check_weights(runner.model, checkpoint)
    runner.test()


test.__test__ = False  # not a test


def model_of_mmpose(checkpoint: str) -> None:
    init_model(load_config(CONFIG, OPTIONS), checkpoint, device='cpu')


def inferencer(checkpoint: str) -> None:
    """With weights alone, where it takes the config from the checkpoint."""
    with pytest.raises(ValueError, match='Cannot find the config'):
        Pose2DInferencer(None, weights=checkpoint, device='cpu')


def landmarker(checkpoint: str) -> None:
    mmwing.FaceLandmarker(checkpoint, detector=None, device='cpu')


@pytest.mark.parametrize('field', FIELDS)
@pytest.mark.parametrize('way', [resume, load_from, pretrained, test, model_of_mmpose,
                                 inferencer, landmarker], ids=lambda way: way.__name__)
def test_no_text_is_executed(way, field, attack, flag):
    way(attack(field))
    assert not flag.exists()


@pytest.mark.parametrize('way', [resume, inferencer], ids=lambda way: way.__name__)
def test_the_attacks_are_real(way, attack, flag, monkeypatch):
    """MMEngine alone executes the text: otherwise the test above could not fail."""
    loader = CheckpointLoader.load_checkpoint.__wrapped__
    monkeypatch.setattr(CheckpointLoader, 'load_checkpoint', loader)
    field = 'meta.config' if way is resume else 'message_hub.runtime_info.cfg'
    with contextlib.suppress(Exception):  # what comes of it does not matter
        way(attack(field))
    assert flag.exists()


def test_our_own_checkpoints_hold_their_config_as_data(trained):
    assert 'cfg' not in trained['meta']
    assert 'cfg' not in trained['message_hub']['runtime_info']
    config = json.loads(trained['meta']['config_json'])
    assert config['model']['head']['type'] == 'mmwing.DirectRegressionHead'


def test_the_text_is_kept_as_text(attack):
    loaded = CheckpointLoader.load_checkpoint(attack('meta.cfg'), logger='silent')
    assert loaded['meta'][CONFIG_TEXT_KEY].startswith('open(')


def test_a_resumed_training_deletes_nothing_elsewhere(trained, tmp_path):
    """MMEngine removes the last best checkpoint, a file or a folder, for a new one."""
    home = tmp_path / 'home'
    home.mkdir()
    (home / 'thesis.txt').write_text('')
    content = copy.deepcopy(trained)
    content['message_hub']['runtime_info'].update(
        best_ckpt=str(home), best_score=9., keep_ckpt_ids=['../home'])
    (tmp_path / 'run').mkdir()
    path = tmp_path / 'run' / 'epoch_1.pth'
    torch.save(content, path)
    cfg = small_config(tmp_path / 'work')
    cfg.resume, cfg.load_from = True, str(path)
    cfg.train_cfg.update(max_epochs=2, val_interval=1)
    cfg.default_hooks.checkpoint.update(save_best='NME', rule='less', interval=1,
                                        max_keep_ckpts=1)
    build_runner(cfg).train()
    assert (home / 'thesis.txt').is_file()
    assert list((tmp_path / 'work').glob('best_NME_epoch_2.pth'))


@pytest.mark.parametrize(('named', 'kept'), [
    ('/old/place/best_NME_epoch_3.pth', '/new/place/best_NME_epoch_3.pth'),
    ('/etc', None), ('/home/me/thesis.pth', None), ('best_x.pth/..', None), (3, None)])
def test_paths_point_beside_the_checkpoint(named, kept):
    info = {'best_ckpt_NME': named, 'keep_ckpt_ids': [1, 2], 'epoch': 3}
    checkpoint = without_code({'message_hub': {'runtime_info': info}},
                              '/new/place/epoch_3.pth')
    expected = {'keep_ckpt_ids': [1, 2], 'epoch': 3}
    if kept:
        expected['best_ckpt_NME'] = kept
    assert checkpoint['message_hub']['runtime_info'] == expected


@pytest.mark.parametrize('content', [
    None, [], {}, {'meta': None}, {'meta': 'cfg'}, {'message_hub': []},
    {'message_hub': {'runtime_info': None}}])
def test_odd_checkpoints_pass_unchanged(content):
    assert without_code(copy.deepcopy(content), 'x.pth') == content
