"""Every config for faces that MMPose ships x what is done to its head x every loss.

Each either builds or is refused with the sentence of the table below. A covering set
is trained for one step and evaluated with the config's own metric, on data of its
scheme that the tests make; the full product, and the configs as they are shipped,
are slow. With MMWING_FIXTURES in the environment (a folder with 300w/, wflw/ ...)
the covering set runs on real images, too.
"""

import os
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpose.registry import MODELS
from swap_data import FACE_CONFIGS, short, shrink, use_data
from torch.nn import Sequential

from mmwing.config import HEADS, build_runner, load_config, swap_loss
from mmwing.config.losses import loss_names
from mmwing.walk import without_scope

HEATMAP_LOSSES = ['AdaptiveWingLoss', 'HeatmapWingLoss']
COORDINATE_LOSSES = [name for name in loss_names() if name not in HEATMAP_LOSSES]

#: (family, head) -> (losses that fit, sentence for the other losses).
TABLE = {
    ('topdown_regression', 'keep'): (
        COORDINATE_LOSSES, 'gives its loss coordinates: use WingLoss'),
    ('topdown_regression', 'direct'): (
        COORDINATE_LOSSES, 'direct regression has none: use WingLoss'),
    ('topdown_heatmap', 'keep'): (
        [*HEATMAP_LOSSES, 'WingLoss'],
        'use AdaptiveWingLoss or HeatmapWingLoss, or turn the model into direct '
        'regression with `mmwing swap --head direct`'),
    ('topdown_heatmap', 'direct'): (
        COORDINATE_LOSSES, 'direct regression has none: use WingLoss'),
    ('rtmpose', 'keep'): (
        [], 'keep its KLDiscretLoss, or turn the model into direct regression with '
        '`mmwing swap --head direct`'),
    ('rtmpose', 'direct'): (
        COORDINATE_LOSSES, 'direct regression has none: use WingLoss'),
}


def table_of(config: str, head: str) -> tuple[list[str], str]:
    return TABLE[config.split('/')[1], head]


FITTING = [(config, head, loss) for config in FACE_CONFIGS for head in HEADS
           for loss in table_of(config, head)[0]]


def covering() -> list[tuple[str, str, str]]:
    """Each config with each head that it can have, the losses taken in turn."""
    pairs = [(config, head) for config in FACE_CONFIGS for head in HEADS
             if table_of(config, head)[0]]
    turn: dict = {}
    cases = []
    for config, head in pairs:
        fitting = table_of(config, head)[0]
        index = turn.get(len(fitting), 0)
        turn[len(fitting)] = index + 1
        cases.append((config, head, fitting[index % len(fitting)]))
    return cases


def ids(cases: list[tuple[str, str, str]]) -> list[str]:
    return [f'{short(config)}-{head}-{loss}' for config, head, loss in cases]


@pytest.fixture(scope='module')
def small():
    """Config name -> the config cut down, read once."""
    known: dict = {}

    def get(name: str) -> Config:
        if name not in known:
            known[name] = shrink(load_config(name))
        return known[name]

    return get


@pytest.fixture(scope='module')
def data(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp('data')


def test_the_matrix_is_complete():
    assert len(FACE_CONFIGS) == 23
    assert len(loss_names()) == 9
    trained = covering()
    assert {case[0] for case in trained} == set(FACE_CONFIGS)
    assert {case[2] for case in trained} == set(loss_names())


@pytest.mark.parametrize('name', FACE_CONFIGS, ids=short)
@pytest.mark.filterwarnings('ignore:.*torch.cuda.amp.autocast')
def test_every_loss_builds_or_is_refused(name, small):
    for head in HEADS:
        fitting, sentence = table_of(name, head)
        for loss in loss_names():
            if loss not in fitting:
                with pytest.raises(ValueError, match=sentence):
                    swap_loss(small(name), loss, head)
                continue
            swap = swap_loss(small(name), loss, head)
            module = Sequential(MODELS.build(swap.cfg.model.head))[0]
            assert type(module.loss_module).__module__.startswith('mmwing.')
            if loss in COORDINATE_LOSSES and module.loss_module.input_size is None:
                assert type(module.loss_module).__name__ == 'HeatmapWingLoss'


def train_and_evaluate(cfg: Config, folder: Path) -> None:
    """One step and one evaluation; the step must reach the head's weights."""
    cfg.work_dir = str(folder)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        # A unit gone wrong warns, and shall not go unnoticed.
        warnings.filterwarnings('error', message='.*in pixels of the network input')
        runner = build_runner(cfg)
        torch.manual_seed(0)
        before = {}

        def remember(*_):
            before.update({name: value.detach().clone() for name, value
                           in runner.model.head.named_parameters()})

        runner.call_hook = _before_run(runner.call_hook, remember)
        runner.train()
    after = dict(runner.model.head.named_parameters())
    assert any((after[name] != value).any() for name, value in before.items())
    assert all(value.isfinite().all() for value in after.values())
    scalars = runner.message_hub.log_scalars
    assert np.isfinite(scalars['train/loss'].current())
    assert np.isfinite(scalars['val/NME'].current())


def _before_run(call_hook, remember):
    def call(name, **kwargs):
        call_hook(name, **kwargs)
        if name == 'before_train':
            remember()
    return call


@pytest.mark.parametrize(('name', 'head', 'loss'), covering(), ids=ids(covering()))
def test_one_step_and_evaluation(name, head, loss, small, data, tmp_path):
    cfg = swap_loss(small(name), loss, head).cfg
    use_data(cfg, data)
    train_and_evaluate(cfg, tmp_path)


@pytest.mark.skipif('MMWING_FIXTURES' not in os.environ,
                    reason='MMWING_FIXTURES names no folder of real images')
@pytest.mark.parametrize(('name', 'head', 'loss'), covering(), ids=ids(covering()))
def test_one_step_and_evaluation_on_real_images(name, head, loss, small, data,
                                                tmp_path):
    cfg = swap_loss(small(name), loss, head).cfg
    use_data(cfg, data, Path(os.environ['MMWING_FIXTURES']))
    train_and_evaluate(cfg, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(('name', 'head', 'loss'), FITTING, ids=ids(FITTING))
def test_the_full_product(name, head, loss, small, data, tmp_path):
    test_one_step_and_evaluation(name, head, loss, small, data, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(('name', 'head', 'loss'), FITTING, ids=ids(FITTING))
def test_the_written_config_is_the_swapped_one(name, head, loss, tmp_path):
    swap = swap_loss(load_config(name), loss, head)
    swap.write(tmp_path / 'swapped.py')
    written = Config.fromfile(tmp_path / 'swapped.py').to_dict()
    assert without_scope(written) == without_scope(swap.cfg.to_dict())
