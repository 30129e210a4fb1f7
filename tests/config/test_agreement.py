"""What stands in two places of a config is compared, and both are named."""

import copy
import re

import pytest
import torch
from mmengine.config import Config
from mmengine.logging import MMLogger

from mmwing.config import check_losses, check_weights, load_config
from mmwing.config.agreement import check_agreement, check_start
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


OWN = 'td-reg_cnn6_wing_1xb16-20e_own-points-64x64'
POINTS = dict(names=['eye a', 'eye b', 'nose'], flip_pairs=[['eye a', 'eye b']])
TRAIN_META, VAL_META, TEST_META = (
    f'{split}_dataloader.dataset.metainfo' for split in ('train', 'val', 'test'))


def own(**val) -> Config:
    """A config of own points, whose validation has others than the training."""
    cfg = load_config(OWN, {'model.head.num_joints': 3})
    cfg.merge_from_dict({f'{split}_dataloader.dataset.metainfo': None
                         for split in ('train', 'val', 'test')})
    for split in ('train', 'val', 'test'):
        cfg[f'{split}_dataloader'].dataset.metainfo = POINTS
    cfg.val_dataloader.dataset.metainfo = {**POINTS, **val}
    for evaluator in (cfg.val_evaluator, cfg.test_evaluator):
        evaluator.keypoint_indices = (0, 1)
    return cfg


@pytest.mark.parametrize(('val', 'difference'), [
    (dict(names=['eye a', 'nose', 'eye b'], flip_pairs=[[0, 2]]),
     "landmark 1 is 'eye b' in the one and 'nose' in the other"),
    (dict(flip_pairs=[['eye a', 'nose']]),
     'landmark 0 becomes 1 in the one and 2 in the other')])
def test_splits_have_the_same_landmarks(val, difference):
    check_agreement(own())
    with pytest.raises(ValueError, match=f'{TRAIN_META} and {VAL_META} differ: '
                                         f'.*{difference}'):
        check_agreement(own(**val))


def test_landmarks_that_are_converted_may_differ():
    cfg = own(flip_pairs=[['eye a', 'nose']])
    cfg.val_dataloader.dataset.pipeline.append(
        dict(type='KeypointConverter', num_keypoints=3, mapping=[(0, 0)]))
    check_agreement(cfg)


@pytest.mark.parametrize('loss', ['mmwing.WingLoss', 'SmoothL1Loss'])
def test_head_and_data_have_as_many_landmarks(loss):
    cfg = own()
    cfg.model.head.update(num_joints=5, loss=dict(type=loss))
    with pytest.raises(ValueError, match=r'has 5 landmarks.*model\.head\.num_joints=3'):
        check_losses(cfg)


@pytest.mark.parametrize('name', ['origin', 'landmark_box'])
def test_splits_take_boxes_and_coordinates_alike(name):
    cfg = own()
    for split in ('train', 'val', 'test'):
        cfg[f'{split}_dataloader'].dataset.data_root = 'here'
    check_agreement(cfg)
    cfg.val_dataloader.dataset[name] = 1
    with pytest.raises(ValueError, match=rf'train_dataloader\.dataset\.{name}=.* and '
                                         rf'val_dataloader\.dataset\.{name}=1'):
        check_agreement(cfg)


def logged(caplog, check, cfg) -> str:
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    try:
        check(cfg)
    finally:
        logger.removeHandler(caplog.handler)
    return caplog.text


@pytest.mark.parametrize('split', ['train', 'test'])
def test_a_mirror_without_pairs_is_said(split, caplog):
    cfg = load_config(REAL)
    flips = cfg.model.test_cfg.flip_test
    cfg.model.test_cfg.flip_test = split == 'test'
    cfg.train_dataloader.dataset.pipeline.pop(2)  # RandomFaceBox
    cfg[f'{split}_dataloader'].dataset.type = 'Face300WLPDataset'
    place = 'model.test_cfg.flip_test'
    if split == 'train':
        cfg.train_dataloader.dataset.pipeline.insert(2, dict(type='RandomFlip'))
        place = f'{TRAIN}.2 (RandomFlip)'
    text = logged(caplog, check_agreement, cfg)
    assert f'{place} mirrors faces, but the 68 landmarks of {split}_' in text
    cfg[f'{split}_dataloader'].dataset.metainfo = dict(from_file='300w.py')
    caplog.clear()
    assert 'mirrors' not in logged(caplog, check_agreement, cfg) and flips is not None


def test_a_flip_test_needs_the_pairs_in_the_sample():
    cfg = load_config(REAL, {'model.test_cfg.flip_test': True})
    check_agreement(cfg)
    cfg.val_dataloader.dataset.pipeline[-1].meta_keys = ['id', 'img_path']
    with pytest.raises(ValueError, match=r"flip_test=True needs 'flip_indices' among "
                                         r'val_dataloader.*\.meta_keys'):
        check_agreement(cfg)


@pytest.fixture
def checkpoint(tmp_path):
    """Weights that were trained with the eyes in the other order."""
    meta = dict(dataset_name='faces', num_keypoints=3, flip_indices=[1, 0, 2],
                keypoint_id2name={0: 'eye b', 1: 'eye a', 2: 'nose'})
    torch.save(dict(state_dict={}, meta=dict(dataset_meta=meta)), tmp_path / 'a.pth')
    return str(tmp_path / 'a.pth')


def test_a_training_goes_on_with_its_landmarks(checkpoint, caplog):
    cfg = own()
    cfg.update(load_from=checkpoint, resume=True)
    difference = "landmark 0 is 'eye b' in the one and 'eye a' in the other"
    with pytest.raises(ValueError, match=rf'a\.pth.*{difference}'):
        check_start(cfg)
    cfg.resume = False
    assert f'load_from: checkpoint {checkpoint!r}' in logged(caplog, check_start, cfg)
    cfg.load_from = None
    cfg.model.init_cfg = dict(type='Pretrained', checkpoint=checkpoint)
    caplog.clear()
    assert 'model.init_cfg.checkpoint: ' in logged(caplog, check_start, cfg)
    cfg.model.init_cfg.prefix = 'backbone.'
    caplog.clear()
    assert 'trained on' not in logged(caplog, check_start, cfg)


def test_weights_are_tested_on_their_landmarks(checkpoint):
    model = torch.nn.Identity()
    known = dict(num_keypoints=3, flip_indices=[1, 0, 2],
                 keypoint_id2name={0: 'eye b', 1: 'eye a', 2: 'nose'})
    check_weights(model, checkpoint, known)
    with pytest.raises(ValueError, match='the one has 3 landmarks and the other 4'):
        check_weights(model, checkpoint, dict(known, num_keypoints=4))


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
