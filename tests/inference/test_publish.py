"""Slim files: what a prediction and a test need of a checkpoint, and nothing else."""

import argparse
import json
import re
import runpy
import sys
from hashlib import sha256

import numpy as np
import pytest
import torch
from mmengine.model import ExponentialMovingAverage
from mmengine.registry import DefaultScope
from mmpose.apis import inference_topdown, init_model
from mmpose.models import build_pose_estimator

import mmwing
from mmwing.inference import FaceLandmarker, models
from mmwing.inference.model_card import SECTIONS, TO_WRITE
from mmwing.inference.publish import publish_model
from mmwing.runtime.licence import LicenceWarning, tell_licence


@pytest.fixture(scope='module')
def slim(checkpoint, tmp_path_factory):
    """The small model, in half precision."""
    path = tmp_path_factory.mktemp('slim') / 'small.pth'
    publish_model(checkpoint, path, fp16=True)
    return path


@pytest.fixture
def saved(checkpoint):
    return torch.load(checkpoint, weights_only=False)


def test_half_precision_costs_a_fraction_of_a_pixel(slim, landmarker, faces):
    half = FaceLandmarker(slim, detector=None, device='cpu')
    assert {value.dtype for value in half.model.state_dict().values()} <= {
        torch.float32, torch.int64}
    differences = [np.abs(half(face['img'], boxes=face['bbox'])[0].keypoints
                          - landmarker(face['img'], boxes=face['bbox'])[0].keypoints)
                   for face in faces]
    assert 0 < np.max(differences) < 0.05


def test_a_slim_file_holds_data_alone(slim, checkpoint, saved):
    content = torch.load(slim, weights_only=True)  # without mmwing's short list
    assert set(content) == {'meta', 'state_dict'}
    weights = content['state_dict']
    assert set(weights) == set(saved['state_dict'])
    kinds = {value.numel() < 1024: value.dtype for value in weights.values()
             if value.is_floating_point()}
    assert kinds == {True: torch.float32, False: torch.float16}
    # Half of float32, and what the names and the metainfo take.
    assert slim.stat().st_size < 0.75 * sum(
        value.numel() * 4 for value in saved['state_dict'].values())
    config = json.loads(content['meta']['config_json'])
    assert set(config) == {'default_scope', 'model', 'test_dataloader',
                           'test_evaluator'}
    card = content['meta']['card']
    assert (card['epoch'], card['weights'], card['precision']) == (1, 'ema', 'float16')
    assert card['licence'].startswith('free, under Apache-2.0')


def test_mmpose_takes_a_slim_file(slim, config, landmarker, faces):
    model = init_model(config.copy(), str(slim), device='cpu')
    [found] = inference_topdown(model, faces[0]['img'], faces[0]['bbox'])
    np.testing.assert_allclose(
        found.pred_instances.keypoints[0],
        landmarker(faces[0]['img'], boxes=faces[0]['bbox'])[0].keypoints, atol=0.05)


def test_a_training_starts_from_a_slim_file(slim, config, tmp_path):
    cfg = config.copy()
    cfg.update(work_dir=str(tmp_path), load_from=str(slim), experiment_name='from_slim')
    cfg.train_dataloader.dataset.num_samples = 8
    runner = mmwing.config.build_runner(cfg)
    runner.call_hook('before_run')  # the average is made there
    runner.load_or_resume()
    weight = torch.load(slim, weights_only=True)['state_dict']['head.fc.weight']
    assert runner.model.head.fc.weight.dtype == torch.float32
    torch.testing.assert_close(runner.model.head.fc.weight.data, weight.float())


def test_a_card_does_not_tell_where_things_lay(saved, tmp_path):
    """Options of the training with paths of its machine are shown by the last part."""
    full = json.loads(saved['meta']['config_json'])
    full['custom_hooks'].append({'type': 'mmwing.RunRecordHook', 'provenance': {
        'options': {'load_from': '/home/somebody/secret/first.pth',
                    'randomness.seed': 3}}})
    told = {**saved, 'meta': {**saved['meta'], 'config_json': json.dumps(full)}}
    torch.save(told, tmp_path / 'told.pth')
    done = publish_model(tmp_path / 'told.pth', tmp_path / 'slim.pth')
    card = done.card.read_text()
    assert '--cfg-options load_from=…/first.pth randomness.seed=3' in card
    assert 'somebody' not in card
    assert b'somebody' not in done.path.read_bytes()


def test_a_training_starts_from_a_model_by_name(slim, config, monkeypatch):
    monkeypatch.setattr(models, 'MODELS_FOLDER', slim.parent)
    merge_args = runpy.run_path(mmwing.tool_path('train.py'))['merge_args']
    args = argparse.Namespace(no_validate=False, launcher='none', amp=False,
                              resume=None, auto_scale_lr=False, show=False,
                              show_dir=None)
    cfg = config.copy()
    cfg.load_from = slim.stem
    assert merge_args(cfg, args).load_from == str(slim)
    cfg.load_from = 'no such model'
    with pytest.raises(FileNotFoundError, match='no such model'):
        merge_args(cfg, args)


def test_the_average_that_was_validated_is_published(saved, config, tmp_path):
    """MMEngine swaps the average into state_dict as it saves."""
    from mmengine.hooks import EMAHook

    with DefaultScope.overwrite_default_scope('mmpose'):
        model = build_pose_estimator(config.copy().model)
    model.load_state_dict(saved['state_dict'])
    average = ExponentialMovingAverage(model, momentum=0.5)
    with torch.no_grad():
        model.head.fc.bias += 1
    hook = EMAHook()
    hook.src_model, hook.ema_model = model, average
    saved['state_dict'] = dict(model.state_dict())
    before = saved['state_dict']['head.fc.bias'].clone()
    hook.before_save_checkpoint(None, saved)
    torch.save(saved, tmp_path / 'training.pth')
    done = publish_model(tmp_path / 'training.pth', tmp_path / 'slim.pth')
    published = torch.load(done.path, weights_only=True)['state_dict']['head.fc.bias']
    assert done.weights == 'ema'
    torch.testing.assert_close(published, average.module.head.fc.bias.data)
    torch.testing.assert_close(published, before - 1)


def test_the_sum_and_the_card_are_of_the_file(checkpoint, tmp_path):
    done = publish_model(checkpoint, tmp_path / 'mine.pth', licence='mine alone',
                         boxes='drawn by hand')
    assert done.sha256 == sha256(done.path.read_bytes()).hexdigest()
    card = done.card.read_text()
    for part in (done.sha256, 'The weights are mine alone.', 'drawn by hand',
                 'Seed 0, epoch 1', 'mmwing test mine.pth --', *SECTIONS, TO_WRITE):
        assert part in card
    again = publish_model(done.path, tmp_path / 'again.pth')
    assert again.sha256 == publish_model(done.path, tmp_path / 'again.pth',
                                         overwrite=True).sha256
    assert 'drawn by hand' in again.card.read_text()


def test_paths_of_the_machine_that_trained_are_left_out(saved, tmp_path):
    config = json.loads(saved['meta']['config_json'])
    for split in ('train', 'test'):
        config[f'{split}_dataloader']['dataset'].update(
            type='Face300WDataset', data_root='/home/someone/300w/',
            ann_file='annotations/faces.json')
    config['custom_hooks'] = [{'type': 'mmwing.RunRecordHook', 'provenance': {
        'config': 'my_config', 'options': {'train_cfg.max_epochs': 3}}}]
    config['model']['init_cfg'] = {'type': 'Pretrained', 'checkpoint': '/home/x.pth'}
    saved['meta']['config_json'] = json.dumps(config)
    torch.save(saved, tmp_path / 'training.pth')
    done = publish_model(tmp_path / 'training.pth', tmp_path / 'slim.pth')
    text = torch.load(done.path, weights_only=True)['meta']['config_json']
    assert '/home' not in text and '{{$MMWING_300W:data/300w/}}' in text
    card = done.card.read_text()
    assert 'non-commercial' in card and '`faces.json`' in card
    assert 'mmwing train my_config --cfg-options train_cfg.max_epochs=3' in card


@pytest.mark.parametrize(('content', 'message'), [
    ({'state_dict': {}, 'meta': {}}, "no weights under 'state_dict'"),
    ([1, 2], "no weights under 'state_dict'"),
    ({'state_dict': {'a': torch.ones(2)}, 'meta': {}}, 'config as data.*--config')])
def test_a_file_of_another_program(content, message, tmp_path):
    torch.save(content, tmp_path / 'other.pth')
    with pytest.raises(ValueError, match=rf'other\.pth.*{message}'):
        publish_model(tmp_path / 'other.pth', tmp_path / 'out.pth')
    assert not list(tmp_path.glob('out.*'))


def test_files_are_not_overwritten_unless_asked(checkpoint, tmp_path):
    (tmp_path / 'mine.md').write_text('written by hand')
    with pytest.raises(FileExistsError, match=r'mine\.md exists: --overwrite'):
        publish_model(checkpoint, tmp_path / 'mine.pth')
    assert (tmp_path / 'mine.md').read_text() == 'written by hand'
    with pytest.raises(ValueError, match=r"must end in \.pth, got '.*mine'"):
        publish_model(checkpoint, tmp_path / 'mine')


def test_a_full_disk_leaves_nothing_behind(checkpoint, tmp_path, monkeypatch):
    def full(path, data):
        raise OSError(28, 'No space left on device', str(path))

    monkeypatch.setattr('mmwing.inference.publish.write_bytes', full)
    with pytest.raises(OSError, match=r'No space left.*mine\.pth'):
        publish_model(checkpoint, tmp_path / 'mine.pth')
    assert not list(tmp_path.iterdir())


def test_the_program(checkpoint, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, 'argv', ['publish', checkpoint, '--out', 'mine.pth'])
    runpy.run_path(mmwing.tool_path('publish_model.py'), run_name='__main__')
    printed = capsys.readouterr().out
    digest = sha256((tmp_path / 'mine.pth').read_bytes()).hexdigest()
    assert f'sha256 {digest}' in printed and 'moving average' in printed
    monkeypatch.setattr(sys, 'argv', ['publish', 'no.pth', '--out', 'other.pth'])
    with pytest.raises(SystemExit, match=r"error: checkpoint 'no\.pth' does not exist"):
        runpy.run_path(mmwing.tool_path('publish_model.py'), run_name='__main__')


# ---------------------------------------------------------------------- by name


@pytest.fixture
def shipped(slim, tmp_path, monkeypatch):
    """A package whose only model is the small one."""
    monkeypatch.setattr(models, 'MODELS_FOLDER', slim.parent)
    monkeypatch.chdir(tmp_path)

    def test(*arguments):
        monkeypatch.setattr(sys, 'argv', ['test', *arguments])
        runpy.run_path(mmwing.tool_path('test.py'), run_name='__main__')
    return test


FEW = ('--cfg-options', 'test_dataloader.dataset.num_samples=6',
       'test_dataloader.num_workers=0', 'test_dataloader.persistent_workers=False')
FIT = ('model.backbone.widen_factor=0.125', 'model.head.in_channels=256',
       'model.head.hidden_channels=32')


def test_a_model_is_tested_by_name_alone_and_with_a_config(shipped, slim, tmp_path):
    assert mmwing.list_models() == ['small']
    shipped('small', '--out', 'alone.json', '--report', 'report', *FEW)
    shipped('td-reg_cnn6_wing_1xb64-24e_synthetic-64x64', 'small', '--out', 'both.json',
            *FEW, *FIT)
    alone, both = (json.loads((tmp_path / f'{name}.json').read_text())
                   for name in ('alone', 'both'))
    assert alone['NME'] == pytest.approx(both['NME'], rel=1e-6)
    run = json.loads((tmp_path / 'report/run.json').read_text())
    digest = sha256(slim.read_bytes()).hexdigest()
    assert digest in json.dumps(run) and (tmp_path / 'work_dirs/small').is_dir()


def test_a_config_alone_is_not_tested(shipped, capsys):
    for config in ('td-reg_cnn6_wing_1xb64-24e_synthetic-64x64', 'mine.py'):
        with pytest.raises(SystemExit):
            shipped(config)
        assert 'the checkpoint is missing' in capsys.readouterr().err


def altered_config(slim, tmp_path, change):
    content = torch.load(slim, weights_only=True)
    config = json.loads(content['meta']['config_json'])
    change(config)
    content['meta']['config_json'] = json.dumps(config)
    torch.save(content, tmp_path / 'altered.pth')
    return str(tmp_path / 'altered.pth')


def test_the_environment_says_where_the_data_are(slim, tmp_path, monkeypatch):
    def change(config):
        config['test_dataloader']['dataset'].update(
            data_root='{{$MMWING_300W:data/300w/}}')

    path = altered_config(slim, tmp_path, change)
    monkeypatch.delenv('MMWING_300W', raising=False)
    for expected in ('data/300w/', '/data/faces/'):
        dataset = models.load_evaluation_config(path).test_dataloader.dataset
        assert dataset.data_root == expected
        monkeypatch.setenv('MMWING_300W', '/data/faces/')


@pytest.mark.parametrize(('place', 'value', 'message'), [
    ('test_dataloader.dataset.type', 'pathlib.Path.touch', "names 'pathlib"),
    ('test_dataloader.sampler.type', 'pathlib.Path.touch', "names 'pathlib"),
    ('test_evaluator.type', 'DumpResults', "'DumpResults' is not one of"),
    ('test_dataloader.dataset.metainfo', {'from_file': 'evil.py'},
     "Python file 'evil.py'"),
    ('test_evaluator', None, 'damaged')])
def test_a_test_config_runs_no_code_and_writes_no_file(place, value, message, slim,
                                                       tmp_path):
    def change(config):
        *parents, key = place.split('.')
        for parent in parents:
            config = config[parent]
        if value is None:
            del config[key]
        else:
            config[key] = value

    with pytest.raises(ValueError, match=rf'altered\.pth.*{re.escape(message)}'):
        models.load_evaluation_config(altered_config(slim, tmp_path, change))


def test_a_research_licence_is_told_once(slim, recwarn):
    with pytest.warns(LicenceWarning, match='told-once: for non-commercial research'):
        tell_licence('told-once', 'for non-commercial research only')
    tell_licence('told-once', 'for non-commercial research only')
    tell_licence('free', 'for all purposes')
    FaceLandmarker(slim, detector=None)
    assert not [each for each in recwarn if each.category is LicenceWarning]


# ------------------------------------------------------------- what is shipped


def test_shipped_models_are_small_and_have_cards():
    """Also with none: the package works without weights."""
    files = sorted(models.MODELS_FOLDER.glob('*.pth'))
    sizes = [path.stat().st_size for path in files]
    assert max(sizes, default=0) <= 8 * 1024**2 and sum(sizes) <= 20 * 1024**2
    for path in files:
        card = path.with_suffix('.md').read_text(encoding='utf-8')
        assert sha256(path.read_bytes()).hexdigest() in card, path.name
        assert [each for each in SECTIONS if f'## {each}' not in card] == []
        assert TO_WRITE not in card
