"""Every config builds, is named for what it holds, and its parts agree."""

import json
import re
from functools import cache
from pathlib import Path

import cv2
import mmpose
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.optim import OptimWrapper, build_optim_wrapper
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS, METRICS, MODELS

import mmwing

NAMES = mmwing.list_configs()
NAME = re.compile(
    r'td-reg_(?P<backbone>cnn6|cnn7|cnn6-7|res50)'
    r'(?P<parts>(?:-local|-cascade|-pdb|-looks|-device|-confidence)*)_'
    r'(?P<loss>[a-z0-9]+)_\d+xb(?P<batch>\d+)-(?P<length>\d+)(?P<unit>[ek])_'
    r'(?P<dataset>[a-z0-9-]+)-(?P<w>\d+)x(?P<h>\d+)')
LOSSES = {'wing': 'mmwing.WingLoss', 'l1': 'mmwing.L1Loss'}
ROOT = Path(mmwing.config_path(NAMES[0])).parents[3]
BASES = sorted((ROOT / '_base_').rglob('*.py'))
SHIPPED = Path(mmpose.__file__).parent / '.mim' / 'configs'  # MMPose's own configs
REPOSITORY = Path(__file__).resolve().parents[1]


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


@cache
def bases_of(path: Path) -> frozenset[Path]:
    """All files that a config inherits from."""
    files = [(path.parent / base).resolve() for base in
             Config._get_base_files(str(path))]
    return frozenset(files).union(*map(bases_of, files))


def keys_of(value: object) -> set[str]:
    """The keys of all dictionaries in a value."""
    if isinstance(value, dict):
        return set(value).union(*map(keys_of, value.values()))
    if isinstance(value, (list, tuple)):
        return set().union(*map(keys_of, value))
    return set()


def test_there_are_configs():
    assert len(NAMES) >= 25 and len(BASES) >= 15
    assert len({path.stem for path in BASES}) == len(BASES)


@pytest.mark.parametrize('name', NAMES)
def test_the_name_says_what_the_config_holds(name):
    match = NAME.fullmatch(name)
    assert match, 'td-reg_<backbone>_<loss>_<gpus>xb<batch>-<epochs>e_<dataset>-<size>'
    cfg = read(name)
    assert cfg.train_dataloader.batch_size == int(match['batch'])
    if match['unit'] == 'e':
        assert cfg.train_cfg.max_epochs == int(match['length'])
        assert cfg.param_scheduler[-1].end == int(match['length'])
    else:
        assert cfg.train_cfg.max_iters == int(match['length']) * 1000
    folder = Path(mmwing.config_path(name)).parent.name
    assert match['dataset'] == folder.replace('_', '-')
    cascade = 'stage1' in cfg.model
    stages = [cfg.model.stage1, cfg.model.stage2] if cascade else [cfg.model]
    archs = [stage.backbone.get('arch', f'res{stage.backbone.get("depth")}')
             for stage in stages]
    assert match['backbone'] == '-cnn'.join(archs).replace('-cnncnn', '-')
    head = stages[-1].head
    assert head.loss.type == LOSSES[match['loss']]
    assert list(head.decoder.input_size) == [int(match['w']), int(match['h'])]
    dataset = cfg.train_dataloader.dataset.type
    assert match['parts'] == ''.join([
        '-local' * (head.type == 'mmwing.LocalRefinementHead'), '-cascade' * cascade,
        '-pdb' * (dataset == 'mmwing.PoseBalancedDataset'),
        '-looks' * (cfg.model.test_cfg.get('looks', 1) > 1),
        '-device' * ('augment_on_device' in cfg),
        '-confidence' * ('confidence' in head)])


@pytest.mark.parametrize('name', NAMES)
def test_a_config_survives_dump_and_options(name, tmp_path, monkeypatch):
    cfg = read(name)
    cfg.merge_from_dict({'optim_wrapper.optimizer.lr': 1e-5,
                         'val_dataloader.dataset.pipeline.0.type': 'LoadImage'})
    cfg.dump(tmp_path / 'dumped.py')
    monkeypatch.chdir(tmp_path)
    again = Config.fromfile('dumped.py').to_dict()
    assert again == cfg.to_dict()
    assert again['val_dataloader']['dataset']['pipeline'][0]['type'] == 'LoadImage'


@pytest.mark.parametrize('base', BASES, ids=lambda path: path.stem)
def test_a_base_serves_a_config_and_knows_no_loss(base):
    used = frozenset().union(*(bases_of(Path(mmwing.config_path(name)).resolve())
                               for name in NAMES))
    assert base.resolve() in used
    assert 'loss' not in keys_of(Config.fromfile(base).to_dict())


@pytest.mark.parametrize('name', [name for name in NAMES if '120k' in name])
def test_with_the_papers_rates_the_last_layer_learns_as_one_of_pixels(name):
    """It starts and steps as a layer whose outputs are pixels, trained by plain SGD."""
    cfg = read(name)
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    model.init_weights()
    model.double()
    optimizer = build_optim_wrapper(model, cfg.optim_wrapper).optimizer
    plain_sgd = {key: cfg.optim_wrapper.optimizer[key]
                 for key in ('lr', 'momentum', 'weight_decay')}
    heads = [module for module in model.modules()
             if isinstance(module, mmwing.DirectRegressionHead)]
    assert len(heads) == 1 + ('cascade' in name)
    for head in heads:
        fc, pixels = head.fc, head.pixels.double().repeat(head.num_joints)
        start = fc.weight.detach() * pixels[:, None]
        assert start.std() == pytest.approx((2 / fc.in_features)**0.5, rel=0.02)
        assert not fc.bias.any()
        of_pixels = torch.nn.Linear(fc.in_features, fc.out_features).double()
        of_pixels.weight.data = start.clone()
        of_pixels.bias.data.zero_()
        sgd = torch.optim.SGD(of_pixels.parameters(), **plain_sgd)
        for _ in range(3):
            features = torch.rand(8, fc.in_features, dtype=torch.double)
            target = 30 * torch.randn(8, fc.out_features, dtype=torch.double)
            for output, stepper in ((of_pixels(features), sgd),
                                    (fc(features) * pixels, optimizer)):
                stepper.zero_grad()
                (output - target).abs().sum().backward()
                stepper.step()
        moved = of_pixels.weight.detach() - start
        exact = {'rtol': 1e-9, 'atol': 1e-12}  # or weight decay would not show
        torch.testing.assert_close(fc.weight * pixels[:, None] - start, moved, **exact)
        torch.testing.assert_close(fc.bias * pixels, of_pixels.bias, **exact)


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


@pytest.mark.parametrize('loss', [
    'L2Loss', 'L1Loss', 'SmoothL1Loss', 'WingLoss', 'RectifiedWingLoss', 'SoftWingLoss',
    'GeneralRobustLoss'])
@pytest.mark.parametrize('name', ['td-reg_cnn6_wing_1xb16-200e_300w-64x64',
                                  'td-reg_cnn7-local_l1_1xb32-220e_300w-128x128'])
def test_one_edit_gives_a_config_another_loss(name, loss):
    """No argument of the old loss is left over."""
    cfg = read(name)
    cfg.merge_from_dict({'model.head.loss.type': f'mmwing.{loss}'})
    module = MODELS.build(cfg.model).head.loss_module
    assert type(module) is getattr(mmwing.models.losses, loss)
    assert tuple(module.input_size) == tuple(cfg.model.head.decoder.input_size)


def test_no_base_hides_meta_information_of_mmpose():
    """MMPose looks for configs/_base_/datasets/X.py in the working directory first."""
    theirs = {path.name for path in (SHIPPED / '_base_/datasets').glob('*.py')}
    assert theirs and not theirs & {path.name for path in BASES}


def named_in(path: Path) -> set[str]:
    """Names of configs in a text: whole, or without ``td-reg_`` as tables have them."""
    text = path.read_text(encoding='utf-8')
    whole = re.findall(r'\btd-(?:reg|hm)_[\w-]+-\d+x\d+', text)
    short = re.findall(r'`((?:cnn|res)\d[\w-]*-\d+x\d+)`', text)
    return {*whole, *(f'td-reg_{name}' for name in short)}


def test_the_texts_name_configs_that_exist():
    pages = [REPOSITORY / 'README.md', REPOSITORY / 'Makefile',
             *(REPOSITORY / 'docs').rglob('*.md'), *(REPOSITORY / 'docs').rglob('*.py'),
             *(REPOSITORY / 'tools').rglob('*.py')]
    known = {*NAMES, *(path.stem for path in SHIPPED.rglob('*.py')),
             *(path.stem for path in (REPOSITORY / 'docs').rglob('*.py'))}
    named = {page.relative_to(REPOSITORY): named_in(page) for page in pages}
    assert len(named[Path('README.md')]) >= 3
    assert len(named[Path('docs/results.md')]) >= 5
    assert not {page: names - known for page, names in named.items() if names - known}


def test_the_texts_name_bases_that_exist():
    for page in [REPOSITORY / 'README.md', *(REPOSITORY / 'docs').rglob('*.md')]:
        for path in re.findall(r'\bconfigs/_base_/[\w/.-]*\w',
                               page.read_text(encoding='utf-8')):
            assert (REPOSITORY / path).exists(), f'{page.name} names {path}'
