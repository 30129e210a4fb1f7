"""Models are found by name, file and work dir; nothing of a checkpoint is executed."""

import json
import os
import pickle
import re
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.fileio import dump
from mmengine.registry import DefaultScope
from mmpose.models import build_pose_estimator

from mmwing.config import load_config, replace_mmdet_names
from mmwing.engine import CheckpointConfigHook
from mmwing.inference import FaceLandmarker, list_models, models
from mmwing.inference.checkpoint_config import checkpoint_config, find_test_pipeline
from mmwing.resources import list_configs

CONFIG = 'td-reg_cnn6_wing_1xb64-24e_synthetic-64x64'


@pytest.fixture
def saved(checkpoint):
    """What the checkpoint holds."""
    return torch.load(checkpoint, weights_only=False)


@pytest.fixture
def altered(saved, tmp_path):
    """A checkpoint whose config has been changed by a function."""

    def write(change=lambda config: None, meta=None):
        config = json.loads(saved['meta']['config_json'])
        change(config)
        saved['meta']['config_json'] = json.dumps(config)
        saved['meta'].update(meta or {})
        torch.save(saved, tmp_path / 'altered.pth')
        return str(tmp_path / 'altered.pth')

    return write


# ------------------------------------------------------------------- which model


def test_models_of_the_package_go_by_name(checkpoint, faces, landmarker, tmp_path,
                                          monkeypatch):
    monkeypatch.setattr(models, 'MODELS_FOLDER', tmp_path)
    shutil.copy(checkpoint, tmp_path / f'{models.DEFAULT_MODEL}.pth')
    shutil.copy(checkpoint, tmp_path / 'another.pth')
    assert list_models() == ['another', models.DEFAULT_MODEL]
    image, box = faces[0]['img'], faces[0]['bbox']
    expected = landmarker(image, boxes=box)[0].keypoints
    for arguments in ((), ('another', )):
        found = FaceLandmarker(*arguments, detector=None)(image, boxes=box)[0].keypoints
        np.testing.assert_allclose(found, expected, atol=1e-3)
    with pytest.raises(FileNotFoundError, match=r"'anoter' does not exist.*: another"):
        FaceLandmarker('anoter')


def test_a_package_without_models_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(models, 'MODELS_FOLDER', tmp_path)
    with pytest.raises(FileNotFoundError, match='comes without a model.*work dir'):
        FaceLandmarker()


def test_a_config_is_no_model():
    with pytest.raises(ValueError, match="is a config; give a checkpoint.*config='td"):
        FaceLandmarker(CONFIG)


def test_a_checkpoint_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'no\.pth.*does not exist'):
        FaceLandmarker(str(tmp_path / 'no.pth'))
    with pytest.raises(FileNotFoundError, match='no checkpoint in'):
        FaceLandmarker(tmp_path)


# ---------------------------------------------------------------------- contents


def test_a_checkpoint_needs_nothing_beside_it(checkpoint, tmp_path, faces, landmarker,
                                              monkeypatch):
    shutil.copy(checkpoint, tmp_path / 'alone.pth')
    monkeypatch.chdir(tmp_path)
    image, box = faces[0]['img'], faces[0]['bbox']
    np.testing.assert_allclose(
        FaceLandmarker('alone.pth', detector=None)(image, boxes=box)[0].keypoints,
        landmarker(image, boxes=box)[0].keypoints, atol=1e-3)


def test_an_older_checkpoint_needs_its_config(saved, config, work_dir, tmp_path):
    del saved['meta']['config_json']
    torch.save(saved, tmp_path / 'epoch_1.pth')
    with pytest.raises(ValueError, match="not hold its config as data.*config='…'"):
        FaceLandmarker(tmp_path / 'epoch_1.pth')
    FaceLandmarker(tmp_path / 'epoch_1.pth', config, detector=None)
    # A work dir holds a copy.
    [copy] = work_dir.glob('*.py')
    shutil.copy(copy, tmp_path)
    (tmp_path / 'last_checkpoint').write_text('/elsewhere/epoch_1.pth')
    FaceLandmarker(tmp_path, detector=None)


def test_python_in_a_checkpoint_is_not_executed(saved, tmp_path):
    del saved['meta']['config_json']
    code = f"open({str(tmp_path / 'executed')!r}, 'w')"
    saved['meta']['cfg'] = code
    saved['message_hub'] = {'runtime_info': {'cfg': code}}
    torch.save(saved, tmp_path / 'evil.pth')
    with pytest.raises(ValueError, match='config as data'):
        FaceLandmarker(tmp_path / 'evil.pth')
    assert not (tmp_path / 'executed').exists()


@pytest.mark.parametrize('place', [
    'model', 'backbone', 'transform', 'scope', 'default'])
def test_only_what_is_registered_is_built(place, altered, tmp_path):
    """MMEngine alone imports and calls whatever a type names."""
    call = dict(type='pathlib.Path.touch', self=str(tmp_path / 'executed'))

    def change(config):
        if place == 'model':
            config['model'] = call
        elif place == 'backbone':
            config['model']['backbone'] = call
        elif place == 'transform':
            config['test_dataloader']['dataset']['pipeline'].append(call)
        elif place == 'scope':
            config['model']['head']['_scope_'] = 'pathlib'
        else:
            config['default_scope'] = 'pathlib'

    with pytest.raises(ValueError, match=r"altered\.pth.*refused: it names 'pathlib"):
        FaceLandmarker(altered(change))
    assert not (tmp_path / 'executed').exists()


def test_modules_named_in_a_checkpoint_are_not_imported(altered):
    def change(config):
        config['custom_imports'] = dict(imports=['no_such_module'])

    FaceLandmarker(altered(change), detector=None)


class Payload:
    """Touches a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path, )


def test_a_checkpoint_that_wants_to_run_code_is_refused(altered, tmp_path):
    path = altered(meta={'extra': Payload(str(tmp_path / 'executed'))})
    with pytest.raises(pickle.UnpicklingError, match=r'altered\.pth.*refused'):
        FaceLandmarker(path)
    assert not (tmp_path / 'executed').exists()


def test_weights_of_another_number_of_landmarks(altered):
    def change(config):
        config['model']['head']['num_joints'] = 5

    with pytest.raises(ValueError, match='does not fit the config'):
        FaceLandmarker(altered(change))


@pytest.mark.parametrize('text', ['{', '[]', '{"model": {}}',
                                  '{"default_scope": "mmpose", "model": {}}'])
def test_a_damaged_config(text, altered):
    with pytest.raises(ValueError, match=r'config in checkpoint .*altered.* damaged'):
        FaceLandmarker(altered(meta={'config_json': text}))


@pytest.mark.parametrize('content', [{'weight': torch.ones(3)}, [1, 2], 3])
def test_a_file_of_someone_else(content, tmp_path):
    torch.save(content, tmp_path / 'other.pth')
    with pytest.raises(ValueError, match=r'other\.pth'):
        FaceLandmarker(tmp_path / 'other.pth')


def test_a_file_that_is_no_checkpoint(tmp_path):
    (tmp_path / 'text.pth').write_text('hello')
    with pytest.raises(pickle.UnpicklingError, match=r'text\.pth'):
        FaceLandmarker(tmp_path / 'text.pth')


# ------------------------------------------------------------------------ configs


@pytest.mark.parametrize('name', [
    *list_configs(),
    'mmpose::face_2d_keypoint/rtmpose/face6/rtmpose-m_8xb256-120e_face6-256x256.py',
    'mmpose::face_2d_keypoint/topdown_heatmap/wflw/'
    'td-hm_hrnetv2-w18_awing-8xb64-60e_wflw-256x256.py'])
def test_configs_survive_as_data(name):
    """The lists that JSON makes of tuples build the same model and pipeline."""
    cfg = load_config(name)
    text = dump(cfg.to_dict(), file_format='json')
    found = checkpoint_config({'meta': {'config_json': text}}, name)
    assert len(find_test_pipeline(found)) == len(find_test_pipeline(cfg))
    replace_mmdet_names(cfg)
    with DefaultScope.overwrite_default_scope('mmpose'), torch.device('meta'):
        one, other = (str(build_pose_estimator(each.model)) for each in (found, cfg))
    # The initialisation is not that of the config; the weights come from a file.
    assert re.sub(r'\s+init_cfg=.*|\s+', '', one) == re.sub(
        r'\s+init_cfg=.*|\s+', '', other)


def test_a_config_without_test_data():
    with pytest.raises(ValueError, match='no pipeline in test_dataloader or val'):
        find_test_pipeline({'test_dataloader': None})


def test_a_config_that_is_no_data_warns_and_goes_on():
    cfg, warned, checkpoint = load_config(CONFIG), [], {'meta': {}}
    cfg.model.backbone.something = object()
    runner = SimpleNamespace(cfg=cfg, logger=SimpleNamespace(warning=warned.append))
    CheckpointConfigHook().before_save_checkpoint(runner, checkpoint)
    assert checkpoint == {'meta': {}}
    assert 'cannot be written as JSON' in warned[0]
