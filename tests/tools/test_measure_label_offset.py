import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS

from mmwing.config import load_config

TOOL = Path(__file__).resolve().parents[2] / 'tools' / 'measure_label_offset.py'
CONFIG = 'td-reg_cnn6_wing_1xb64-24e_synthetic-64x64'


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, 'argv', [TOOL.name, *map(str, arguments)])
    runpy.run_path(str(TOOL), run_name='__main__')


@pytest.mark.filterwarnings('ignore:Use the existing')
@pytest.mark.filterwarnings('ignore:The prefix is not set')
def test_says_what_to_write_and_counts_what_is_removed(monkeypatch, tmp_path, capsys):
    """A network that has learnt nothing but a mean shape is off by something."""
    torch.manual_seed(0)
    cfg = load_config(CONFIG)
    init_default_scope(cfg.default_scope)
    model = MODELS.build(cfg.model)
    shape = np.random.default_rng(0).uniform(0.3, 0.7, (68, 2))
    model.head.set_mean_shape(shape)
    torch.nn.init.zeros_(model.head.fc.weight)
    torch.nn.init.zeros_(model.head.fc.bias)
    checkpoint = tmp_path / 'weights.pth'
    torch.save({'state_dict': model.state_dict(), 'meta': {}}, checkpoint)
    found = []
    for removed in (0., 3.):
        cfg = load_config(CONFIG, {
            'val_dataloader.dataset.num_samples': 8, 'val_dataloader.num_workers': 0,
            'val_dataloader.persistent_workers': False})
        for loader in (cfg.train_dataloader, cfg.val_dataloader):
            loader.dataset.pipeline.insert(
                1, dict(type='mmwing.RemoveLabelOffset', offset=removed))
        path = tmp_path / f'removed_{removed:.0f}.py'
        cfg.dump(path)
        run(monkeypatch, path, checkpoint, '--work-dir', tmp_path / 'work')
        figures = re.search(r'lie (\S+) pixels .*: (\S+) to (\S+)\)',
                            capsys.readouterr().out)
        value, low, high = map(float, figures.groups())
        assert low <= value <= high
        found.append(value)
    # The crops move with the labels: the same is off by as much in both.
    assert abs(found[0]) > 0.1
    assert found[1] - found[0] == pytest.approx(3, abs=0.02)


def test_a_checkpoint_that_is_not_there(monkeypatch, tmp_path, capsys):
    with pytest.raises(SystemExit) as exit_:
        run(monkeypatch, CONFIG, tmp_path / 'nothing.pth')
    assert exit_.value.code
    assert 'nothing.pth' in capsys.readouterr().err + str(exit_.value.code)
