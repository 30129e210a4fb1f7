"""A test that looks twice gives what the landmarker gives."""

from types import SimpleNamespace

import numpy as np
import pytest
from mmengine.dataset import Compose
from mmengine.runner import Runner
from mmpose.datasets.transforms import GetBBoxCenterScale, TopdownAffine

import mmwing
from mmwing.config import build_runner, load_config
from mmwing.config.boxes import with_box_error
from mmwing.engine import looks_test_loop
from mmwing.inference import FaceLandmarker

CONFIG = 'td-reg_cnn6_wing_1xb64-24e_synthetic-64x64'
OPTIONS = {'model.backbone.widen_factor': 0.125, 'model.head.in_channels': 256,
           'model.head.hidden_channels': 32,
           'test_dataloader.dataset.num_samples': 7, 'test_dataloader.batch_size': 3,
           'test_dataloader.num_workers': 0,
           'test_dataloader.persistent_workers': False}


def build(tmp_path, looks, error=0., **options) -> Runner:
    cfg = load_config(CONFIG, {**OPTIONS, **options})
    if error:
        cfg.test_dataloader = with_box_error(cfg.test_dataloader, error)
    cfg.test_cfg = dict(type='mmwing.LooksTestLoop', looks=looks)
    cfg.work_dir = str(tmp_path)
    cfg.experiment_name = f'looks_{tmp_path.name}_{looks}_{error}'
    shape = mmwing.SyntheticFaceDataset(num_samples=1).get_data_info(0)
    cfg.model.head.mean_shape = (shape['keypoints'][0] / 128).tolist()
    cfg.randomness = dict(seed=0)
    return build_runner(cfg)


def predictions(runner):
    """Landmarks of each face of a test, by id."""
    found = {}
    process = runner.test_loop.evaluator.process

    def keep(data_samples, data_batch):
        found.update((sample.id, sample.pred_instances.keypoints[0].copy())
                     for sample in data_samples)
        process(data_samples=data_samples, data_batch=data_batch)

    runner.test_loop.evaluator.process = keep
    return runner.test(), found


def places(runner):
    """Centre and size of the crops that a test will evaluate."""
    seen = []
    process = runner.test_loop.evaluator.process

    def keep(data_samples, data_batch):
        seen.extend((*sample.input_center, *sample.input_scale)
                    for sample in data_samples)
        process(data_samples=data_samples, data_batch=data_batch)

    runner.test_loop.evaluator.process = keep
    return seen


@pytest.mark.parametrize('looks', [1, 2, 3])
def test_the_figures_are_of_what_the_landmarker_predicts(tmp_path, looks):
    runner = build(tmp_path, looks)
    figures, found = predictions(runner)
    model = runner.model
    model.cfg, dataset = runner.cfg, runner.test_dataloader.dataset
    model.dataset_meta = dataset.metainfo
    landmarker = FaceLandmarker(model, detector=None, device='cpu', looks=looks)
    assert figures['num_faces'] == len(found) == 7
    for index in range(7):
        info = dataset.get_data_info(index)
        [face] = landmarker(info['img'], boxes=info['bbox'])
        np.testing.assert_allclose(face.keypoints, found[info['id']], atol=1e-3)
    assert runner.test() == figures  # nothing is left of the first test


def test_the_second_look_is_at_the_face_whatever_the_box(tmp_path, monkeypatch):
    """A model that always finds the face has the same second look in any box."""
    centres = {}
    for error in (0., 0.1):
        runner = build(tmp_path, 2, error)
        dataset = runner.test_dataloader.dataset
        truth = {looks_test_loop._key(info): info['keypoints'][0]
                 for info in map(dataset.get_data_info, range(7))}
        monkeypatch.setattr(runner.test_loop, 'look', lambda loader, found=truth: found)
        seen = places(runner)
        runner.test()
        centres[error] = np.array(seen)
        boxes = np.array([[*(points.max(0) + points.min(0)) / 2,
                           *[np.ptp(points, 0).max() * 1.25] * 2]
                          for points in truth.values()])
        np.testing.assert_allclose(centres[error], boxes, rtol=1e-4)
    np.testing.assert_allclose(centres[0.], centres[0.1], rtol=1e-5)


def test_pipelines_without_a_box(tmp_path):
    runner = build(tmp_path, 2)
    dataset = runner.test_dataloader.dataset
    dataset.pipeline = Compose([step for step in dataset.pipeline.transforms
                                if type(step).__name__ != 'GetBBoxCenterScale'])
    with pytest.raises(ValueError, match='has a GetBBoxCenterScale'):
        looks_test_loop._with_boxes(dataset, {})


@pytest.mark.parametrize('cut', [
    mmwing.FaceContext(1.5), mmwing.PackCanvas(), TopdownAffine((64, 64))])
def test_the_box_is_changed_before_it_is_used(cut):
    steps = Compose([GetBBoxCenterScale(), cut])
    changed = looks_test_loop._with_boxes(SimpleNamespace(pipeline=steps), {})
    assert [type(step).__name__ for step in changed.pipeline.transforms] == [
        'GetBBoxCenterScale', '_LookAt', type(cut).__name__]


@pytest.mark.parametrize('looks', [0, 2.0, None])
def test_looks_that_are_no_number(tmp_path, looks):
    with pytest.raises(ValueError, match='looks must be a whole number'):
        build(tmp_path, looks).test_loop  # noqa: B018
