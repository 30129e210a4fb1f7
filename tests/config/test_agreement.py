"""What stands in two places of a config is compared, and both are named."""

import copy
import re

import pytest
from mmengine.config import Config

from mmwing.config import load_config
from mmwing.config.agreement import check_agreement
from mmwing.resources import list_configs

REAL = 'td-reg_cnn6_wing_1xb16-200e_300w-64x64'
VARIED = 'td-reg_cnn6-local_wing_1xb32-200e_300w-64x64'
CASCADE = 'td-reg_cnn6-7-cascade_wing_1xb16-200e_300w-128x128'
STOCK = 'mmpose::face_2d_keypoint'
TRAIN, VAL = 'train_dataloader.dataset.pipeline', 'val_dataloader.dataset.pipeline'


@pytest.mark.parametrize('name', list_configs())
def test_every_config_agrees_with_itself(name):
    check_agreement(load_config(name))


#: Config, what is changed, and the two places that the message names.
CHANGES = {
    'crop of the test': (
        REAL, {f'{VAL}.2.input_size': (128, 128)},
        f'{VAL}.2.input_size', 'model.head.decoder.input_size'),
    'decoder': (
        REAL, {'model.head.decoder.input_size': (128, 128)},
        f'{TRAIN}.3.input_size', 'model.head.decoder.input_size'),
    'labels': (
        REAL, {f'{TRAIN}.5.encoder.input_size': (32, 32)},
        f'{TRAIN}.5.encoder.input_size', 'model.head.decoder.input_size'),
    'labels outside the crop': (
        REAL, {f'{TRAIN}.5.encoder.supervise_outside': True,
               'model.head.decoder.supervise_outside': False},
        f'{TRAIN}.5.encoder.supervise_outside', 'model.head.decoder.supervise_outside'),
    'kind of labels': (
        REAL, {f'{TRAIN}.5.encoder.type': 'MSRAHeatmap'},
        f'{TRAIN}.5.encoder.type', 'model.head.decoder.type'),
    'pipeline of the last epochs': (
        VARIED, {'custom_hooks.2.switch_pipeline.4.input_size': (96, 96)},
        'custom_hooks.2.switch_pipeline.4.input_size', 'model.head.decoder.input_size'),
    'canvas': (
        CASCADE, {'model.input_size': (320, 320)},
        f'{TRAIN}.4.input_size', 'model.input_size'),
    'context': (
        CASCADE, {f'{VAL}.2.factor': 2.0}, f'{VAL}.2.factor', 'model.context'),
    'padding': (
        REAL, {f'{VAL}.1.padding': 1.5}, f'{TRAIN}.1.padding', f'{VAL}.1.padding'),
    'label offset': (
        VARIED, {f'{VAL}.1.offset': 0}, f'{TRAIN}.1.offset', f'{VAL}.1.offset'),
    'normaliser of other landmarks': (
        REAL, {'model.head.num_joints': 7},
        'val_evaluator.normalizer', 'the head, which has 7 landmarks'),
    'pair beyond the landmarks': (
        REAL, {'val_evaluator.keypoint_indices': (36, 70)},
        'val_evaluator.keypoint_indices', 'the head, which has 68 landmarks'),
}


@pytest.mark.parametrize('name', CHANGES)
def test_both_places_are_named(name):
    config, options, first, second = CHANGES[name]
    cfg = load_config(config)
    check_agreement(copy.deepcopy(cfg))
    cfg.merge_from_dict(options)
    with pytest.raises(ValueError, match=re.escape(first)) as caught:
        check_agreement(cfg)
    assert second in str(caught.value)


def test_an_offset_that_one_split_does_not_remove_is_one():
    cfg = load_config(VARIED)
    del cfg.val_dataloader.dataset.pipeline[1]
    with pytest.raises(ValueError, match='without mmwing.RemoveLabelOffset'):
        check_agreement(cfg)


def test_landmarks_of_the_normaliser_that_are_left_out():
    cfg = load_config(REAL)
    cfg.val_dataloader.dataset.pipeline.insert(
        2, dict(type='mmwing.KeepLandmarks', indices=[30, 36]))
    with pytest.raises(ValueError, match=r'\[45\], which val_dataloader.*indices'):
        check_agreement(cfg)


def test_other_data_may_be_read_in_another_way():
    cfg = load_config(REAL)
    for loader in (cfg.val_dataloader, cfg.test_dataloader):
        loader.dataset.type = 'WFLWDataset'
        loader.dataset.pipeline[1].padding = 1.5
    check_agreement(cfg)


def test_variables_that_nothing_uses_do_not_count():
    cfg = load_config(REAL)
    cfg.train_pipeline = [dict(type='mmwing.FaceAffine', input_size=(999, 999))]
    check_agreement(cfg)


def test_a_setting_that_is_no_longer_read_is_refused():
    cfg = load_config(REAL)
    cfg.model.test_cfg.label_offset = 0.8
    with pytest.raises(ValueError, match='RemoveLabelOffset'):
        check_agreement(cfg)


@pytest.mark.parametrize('path', [
    'topdown_heatmap/300w/td-hm_hrnetv2-w18_8xb64-60e_300w-256x256.py',
    'topdown_heatmap/aflw/td-hm_hrnetv2-w18_dark-8xb64-60e_aflw-256x256.py',
    'topdown_regression/wflw/td-reg_res50_wingloss_8xb64-210e_wflw-256x256.py',
    'rtmpose/wflw/rtmpose-m_8xb64-60e_wflw-256x256.py'])
def test_configs_of_mmpose_pass(path, tmp_path):
    file = tmp_path / 'config.py'
    file.write_text(f"_base_ = ['{STOCK}/{path}']\n")
    check_agreement(Config.fromfile(file))
