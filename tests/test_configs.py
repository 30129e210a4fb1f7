"""Every config builds, and its parts agree with each other."""

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.optim import OptimWrapper
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS, METRICS, MODELS

import mmwing

NAMES = mmwing.list_configs()
NAME = re.compile(r'td-reg_[\w-]+_\d+xb(?P<batch>\d+)-(?P<epochs>\d+)(e|k)_'
                  r'[\w-]+-(?P<w>\d+)x(?P<h>\d+)')


def read(name: str) -> Config:
    init_default_scope('mmpose')
    cfg = Config.fromfile(mmwing.config_path(name))
    # Weights are not downloaded for a test.
    if cfg.model.get('backbone', {}).get('init_cfg'):
        cfg.model.backbone.init_cfg = None
    return cfg


def plain(names: list[str]) -> list[str]:
    """Those with one backbone and one head."""
    return [name for name in names if 'head' in Config.fromfile(
        mmwing.config_path(name)).model]


def test_there_are_configs():
    assert len(NAMES) >= 15
    assert all(Path(mmwing.config_path(name)).is_file() for name in NAMES)


@pytest.mark.parametrize('name', NAMES)
def test_the_name_says_what_the_config_does(name):
    match = NAME.fullmatch(name)
    assert match, 'td-reg_<backbone>_<loss>_<gpus>xb<batch>-<epochs>e_<dataset>-<size>'
    cfg = read(name)
    assert cfg.train_dataloader.batch_size == int(match['batch'])
    if match[3] == 'e':
        assert cfg.train_cfg.max_epochs == int(match['epochs'])
    else:
        assert cfg.train_cfg.max_iters == int(match['epochs']) * 1000


@pytest.mark.parametrize('name', plain(NAMES))
def test_input_size_is_the_same_everywhere(name):
    cfg = read(name)
    size = tuple(cfg.model.head.decoder.input_size)
    assert size == tuple(int(x) for x in NAME.fullmatch(name).group('w', 'h'))
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        dataset = loader.dataset
        while 'dataset' in dataset:
            dataset = dataset.dataset
        sizes = [tuple(step.input_size) for step in dataset.pipeline
                 if 'input_size' in step]
        sizes += [tuple(step.encoder.input_size) for step in dataset.pipeline
                  if 'encoder' in step]
        assert sizes and set(sizes) == {size}


@pytest.mark.parametrize('name', plain(NAMES))
def test_the_model_builds_and_predicts(name):
    cfg = read(name)
    model = MODELS.build(cfg.model).eval()
    w, h = cfg.model.head.decoder.input_size
    with torch.no_grad():
        coordinates = model.head(model.extract_feat(torch.zeros(1, 3, h, w)))
    assert coordinates.shape == (1, cfg.model.head.num_joints, 2)


@pytest.mark.parametrize('name', plain(NAMES))
def test_the_loss_is_in_pixels(name):
    cfg = read(name)
    loss = MODELS.build(cfg.model).head.loss_module
    assert tuple(loss.input_size) == tuple(cfg.model.head.decoder.input_size)


@pytest.mark.parametrize('name', [n for n in NAMES if '_synthetic-' in n])
def test_the_data_and_the_metric_build(name):
    cfg = read(name)
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        loader.dataset.update(num_samples=2, lazy_init=False)
        sample = DATASETS.build(loader.dataset)[0]
        w, h = NAME.fullmatch(name).group('w', 'h')
        if 'head' in cfg.model:
            assert sample['inputs'].shape == (3, int(h), int(w))
    METRICS.build(cfg.val_evaluator)


def write_faces(root: Path, ann_file: str, num_joints: int) -> None:
    """Three made faces in MMPose's layout, as all its face data sets read them."""
    rng = np.random.default_rng(0)
    shape = rng.uniform(60, 140, (num_joints, 2))
    (root / 'images').mkdir(parents=True)
    (root / 'annotations').mkdir()
    cv2.imwrite(str(root / 'images/face.png'),
                rng.integers(0, 256, (200, 200, 3), dtype=np.uint8))
    points = [np.c_[shape + rng.normal(0, 4, shape.shape), np.ones(num_joints)]
              for _ in range(3)]
    annotations = [dict(
        id=number, image_id=0, category_id=1, iscrowd=0, area=6400, num_keypoints=68,
        bbox=[60, 60, 80, 80], center=[100, 100], scale=0.4, box_size=80,
        keypoints=each.ravel().tolist()) for number, each in enumerate(points)]
    (root / ann_file).write_text(json.dumps(dict(
        images=[dict(id=0, file_name='face.png', width=200, height=200)],
        annotations=annotations, categories=[dict(id=1, name='face')])))


@pytest.mark.parametrize('name', [
    n for n in NAMES if '_wing_' in n and '_synthetic-' not in n])
def test_a_step_of_training_and_a_test(name, tmp_path, monkeypatch):
    cfg = read(name)
    dataset = cfg.train_dataloader.dataset
    while 'dataset' in dataset:
        dataset = dataset.dataset
    if dataset.type == 'mmwing.FaceLandmarkDataset':
        pytest.skip('points of a user: the data are tested elsewhere')
    model = cfg.model
    if model.get('backbone', {}).get('type') == 'ResNet':
        model.backbone.depth, model.head.in_channels = 18, 512
    head = model.stage1.head if 'stage1' in model else model.head
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        part = loader.dataset
        while 'dataset' in part:
            part = part.dataset
        part.data_root = str(tmp_path / loader.sampler.shuffle.__str__())
        write_faces(Path(part.data_root), part.ann_file, head.num_joints)
    train, val = (DATASETS.build(loader.dataset)
                  for loader in (cfg.train_dataloader, cfg.val_dataloader))
    model = MODELS.build(model)
    mean = np.random.default_rng(0).uniform(0.3, 0.7, (head.num_joints, 2))
    for module in model.modules():
        if getattr(module, 'needs_mean_shape', False):
            module.set_mean_shape(mean)
    log = model.train().train_step(
        pseudo_collate([train[0], train[1]]),
        OptimWrapper(torch.optim.SGD(model.parameters(), 1e-6)))
    assert torch.isfinite(log['loss'])
    metric = METRICS.build(cfg.val_evaluator)
    metric.dataset_meta = val.metainfo
    with torch.no_grad():
        samples = model.eval().val_step(pseudo_collate([val[i] for i in range(3)]))
    metric.process(None, [sample.to_dict() for sample in samples])
    figures = metric.evaluate(3)
    assert figures['num_faces'] == 3 and np.isfinite(figures['NME'])


def test_a_config_of_one_loss_differs_in_its_type_alone():
    """A base holds no argument of any one loss, so a swap leaves nothing over."""
    configs = [read(name) for name in NAMES
               if re.match(r'td-reg_cnn6_[a-z0-9]+_1xb16-20e_300w', name)]
    assert len(configs) >= 7
    reference = configs[0].to_dict()
    types = set()
    for cfg in configs:
        rest = cfg.to_dict()
        types.add(rest['model']['head'].pop('loss')['type'])
        other = dict(reference)
        other['model'] = {**reference['model'],
                          'head': {k: v for k, v in reference['model']['head'].items()
                                   if k != 'loss'}}
        assert rest == other
    assert len(types) == len(configs)


def test_no_base_hides_meta_information_of_mmpose():
    """MMPose looks for configs/_base_/datasets/X.py in the working directory first."""
    import mmpose
    shipped = Path(mmpose.__file__).parent / '.mim' / 'configs/_base_/datasets'
    ours = Path(mmwing.config_path(NAMES[0])).parents[3] / '_base_/datasets'
    clash = {p.name for p in shipped.glob('*.py')} & {p.name for p in ours.glob('*.py')}
    assert not clash
