"""One key of a config gives the augmentation to the device."""

import copy

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS, MODELS

import mmwing
from mmwing.config import augment_on_device, write_canvases
from mmwing.engine import PipelineSwitchHook
from mmwing.engine.mean_shape import compute_mean_shape
from mmwing.files import write_json

CNN6 = 'td-reg_cnn6-device_wing_1xb64-24e_synthetic-64x64'
LOCAL = 'td-reg_cnn6-local_wing_1xb32-200e_300w-64x64'
CASCADE = 'td-reg_cnn6-7-cascade_wing_1xb64-24e_synthetic-128x128'
PDB = 'td-reg_cnn6-pdb_wing_1xb16-200e_300w-64x64'


def read(name, tmp_path, **options):
    init_default_scope('mmpose')
    cfg = Config.fromfile(mmwing.config_path(name))
    cfg.work_dir = str(tmp_path / 'run')
    cfg.augment_on_device = options
    if 'synthetic' in name:
        cfg.train_dataloader.dataset.num_samples = 6
    return cfg


def step(cfg, dataset, count=4):
    """Losses of one batch, and the batch as the model gets it."""
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    shape = compute_mean_shape(dataset, 4, 0, model.data_preprocessor)
    for module in model.modules():
        if getattr(module, 'needs_mean_shape', False):
            module.set_mean_shape(shape)
    batch = pseudo_collate([dataset[index] for index in range(count)])
    prepared = model.data_preprocessor(batch, training=True)
    return model.loss(**prepared), prepared


@pytest.mark.parametrize('name', [CNN6, CASCADE])
def test_a_training_step(name, tmp_path):
    cfg = read(name, tmp_path)
    size = (256, 256) if name == CASCADE else (64, 64)
    augment_on_device(cfg)
    assert 'augment_on_device' not in cfg
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    assert dataset.store.file.parent == tmp_path / 'canvases'
    losses, prepared = step(cfg, dataset)
    assert all(torch.isfinite(value).all() for value in losses.values())
    assert prepared['inputs'].shape == (4, 3, *size)
    # Evaluation and its pipeline are what they were.
    assert cfg.val_dataloader == read(name, tmp_path).val_dataloader


def test_labels_have_the_mean_of_the_per_sample_path(tmp_path):
    cfg = read(CNN6, tmp_path)
    cfg.train_dataloader.dataset.pipeline[2].update(rotation=0, jitter=0, flip_prob=0)
    per_sample = DATASETS.build(cfg.train_dataloader.dataset)
    augment_on_device(cfg)
    on_device = DATASETS.build(cfg.train_dataloader.dataset)
    augmentor = MODELS.build(cfg.model.data_preprocessor)
    state = torch.get_rng_state()
    ours = compute_mean_shape(on_device, preprocessor=augmentor)
    assert torch.equal(state, torch.get_rng_state())
    np.testing.assert_allclose(ours, compute_mean_shape(per_sample), atol=1e-5)
    with pytest.raises(ValueError, match='leaves its labels to mmwing.FaceAugmentor'):
        compute_mean_shape(on_device)


def test_the_canvas_shows_what_any_crop_may(tmp_path):
    """The samples would refuse it; and the config asks for no more than that."""
    cfg = read(CNN6, tmp_path)
    augment_on_device(cfg)
    dataset = cfg.train_dataloader.dataset
    # 1.25 times the box, turned by 30 degrees, 5 % larger on each side.
    turned = np.cos(np.pi / 6) + np.sin(np.pi / 6)
    assert dataset.context == pytest.approx(1.25 * 1.1 * turned)
    assert dataset.size == 16 * np.ceil(64 * 2 * 1.1 * turned / 16)


def test_the_mild_ending_is_divided_too(tmp_path):
    cfg = read(LOCAL, tmp_path)
    augment_on_device(cfg)
    hook = next(hook for hook in cfg.custom_hooks
                if hook.type == 'mmwing.PipelineSwitchHook')
    names = [each['type'] for each in hook.device_pipeline]
    assert names == ['mmwing.RandomFaceBox', 'mmwing.FaceAffine', 'mmwing.RandomColor',
                     'GenerateTarget']
    assert hook.switch_pipeline[-1] == cfg.train_dataloader.dataset.pipeline[-1]
    assert hook.switch_pipeline[1]['type'] == 'mmwing.RemoveLabelOffset'

    class Model(torch.nn.Module):
        data_preprocessor = MODELS.build(cfg.model.data_preprocessor)

    runner = type('', (), dict(
        epoch=hook.switch_epoch, model=Model(), logger=type('', (), dict(
            info=staticmethod(print))), train_dataloader=type('', (), dict(
                dataset=type('', (), dict(pipeline=Compose([])))))))
    assert Model.data_preprocessor.pipeline.box.rotate_factor == 30
    PipelineSwitchHook(**{key: value for key, value in hook.items() if key != 'type'}
                       ).before_train_epoch(runner)
    assert Model.data_preprocessor.pipeline.box.rotate_factor == 15
    assert type(runner.train_dataloader.dataset.pipeline.transforms[-1]).__name__ == (
        'PackCanvas')


def test_wrappers_stay_around_it(tmp_path):
    cfg = read(PDB, tmp_path)
    augment_on_device(cfg)
    outer = cfg.train_dataloader.dataset
    assert outer.type == 'mmwing.PoseBalancedDataset'
    assert outer.dataset.type == 'mmwing.CanvasDataset'
    assert outer.dataset.dataset.type == 'Face300WDataset'
    assert 'pipeline' not in outer.dataset.dataset


def test_a_subset_is_wrapped_as_a_whole(tmp_path):
    cfg = read(CNN6, tmp_path)
    cfg.train_dataloader.dataset = dict(
        type='mmwing.SubsetDataset', dataset=cfg.train_dataloader.dataset)
    augment_on_device(cfg)
    outer = cfg.train_dataloader.dataset
    assert outer.type == 'mmwing.CanvasDataset'
    assert outer.dataset.type == 'mmwing.SubsetDataset'


def test_options_and_the_saved_config(tmp_path):
    cfg = read(CNN6, tmp_path, canvas_size=80, cache_dir=str(tmp_path / 'elsewhere'),
               max_gigabytes=1, resident=True)
    augment_on_device(cfg)
    cfg.dump(tmp_path / 'saved.py')
    again = Config.fromfile(tmp_path / 'saved.py')
    augment_on_device(again)  # nothing is left to do
    assert again.to_dict() == cfg.to_dict()
    assert again.custom_imports['imports'] == ['mmwing']
    dataset = DATASETS.build(again.train_dataloader.dataset)
    assert dataset.store.file.parent == tmp_path / 'elsewhere'
    losses, _ = step(again, dataset)
    assert torch.isfinite(losses['loss_kpt'])


def test_without_the_key_nothing_changes(tmp_path):
    cfg = read(CNN6, tmp_path)
    cfg.pop('augment_on_device')
    before = cfg.to_dict()
    augment_on_device(cfg)
    assert cfg.to_dict() == before


@pytest.mark.parametrize(('change', 'message'), [
    (lambda cfg: cfg.augment_on_device.update(size=3), "has the keys .* got .'size'"),
    (lambda cfg: cfg.model.data_preprocessor.update(type='ImgDataPreprocessor'),
     "got 'ImgDataPreprocessor'"),
    (lambda cfg: cfg.train_dataloader.dataset.update(
        pipeline=[dict(type='LoadImage')]), 'train_dataloader.dataset: .*FaceAffine'),
    (lambda cfg: cfg.train_dataloader.dataset.pipeline.insert(
        4, dict(type='PhotometricDistortion')), 'PhotometricDistortion')])
def test_what_cannot_be_is_said(change, message, tmp_path):
    cfg = read(CNN6, tmp_path)
    change(cfg)
    with pytest.raises(ValueError, match=message):
        augment_on_device(cfg)


def test_data_sets_that_are_augmented_differently(tmp_path):
    cfg = read(CNN6, tmp_path)
    first = cfg.train_dataloader.dataset
    other = dict(first, pipeline=[dict(each) for each in first.pipeline])
    other['pipeline'][2]['rotation'] = 3
    cfg.train_dataloader.dataset = dict(type='ConcatDataset', datasets=[first, other])
    with pytest.raises(ValueError, match='same augmentation in all'):
        augment_on_device(cfg)


def test_canvases_are_cut_ahead(tmp_path):
    cfg = read(CNN6, tmp_path)
    cv2.imwrite(str(tmp_path / 'a.png'), np.full((90, 90, 3), 9, np.uint8))
    write_json(tmp_path / 'faces.json', dict(
        images=[dict(id=0, file_name='a.png', width=90, height=90)],
        annotations=[dict(id=0, image_id=0, category_id=1, bbox=[9, 9, 70, 70],
                          keypoints=[20, 30, 2, 70, 30, 2])],
        categories=[dict(id=1, name='face')]))
    cfg.train_dataloader.dataset = dict(
        type='mmwing.FaceLandmarkDataset', ann_file='faces.json', data_root='/nowhere',
        metainfo=dict(num_points=2, flip_pairs=[[0, 1]]),
        pipeline=cfg.train_dataloader.dataset.pipeline)
    training = copy.deepcopy(cfg)
    file, = write_canvases(cfg, str(tmp_path))
    assert file.startswith(str(tmp_path / 'canvases'))
    # A training finds them there, whatever its own folder is.
    training.train_dataloader.dataset.data_root = str(tmp_path)
    training.augment_on_device = dict(cache_dir='/nowhere')
    augment_on_device(training)
    assert str(DATASETS.build(training.train_dataloader.dataset).store.file) == file
