"""Every config builds, and its parts agree with each other."""

import re
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
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
