import runpy
import sys
from pathlib import Path

import pytest

from mmwing.models.mean_shape import load_mean_shape

TOOL = Path(__file__).resolve().parents[2] / 'tools' / 'compute_mean_shape.py'
CONFIG = 'td-reg_cnn6_wing_1xb64-24e_synthetic-64x64'


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, 'argv', [TOOL.name, CONFIG, *map(str, arguments)])
    runpy.run_path(str(TOOL), run_name='__main__')


@pytest.mark.filterwarnings('ignore:Use the existing')
def test_writes_a_face(monkeypatch, tmp_path, capsys):
    out = tmp_path / 'mean_shape.json'
    run(monkeypatch, '--out', out, '--num-samples', 4, '--cfg-options',
        'train_dataloader.dataset.num_samples=8')
    assert f'68 landmarks: {out}' in capsys.readouterr().out
    shape = load_mean_shape(out, 68)
    assert (shape > 0).all() and (shape < 1).all()
    assert shape[:, 1].argmax() in (7, 8, 9)  # the chin is the lowest point
    assert shape[36, 0] < shape[30, 0] < shape[45, 0]  # eye, nose, eye


def test_refuses_a_name_before_it_starts(monkeypatch, tmp_path, capsys):
    with pytest.raises(SystemExit) as exit_:
        run(monkeypatch, '--out', tmp_path / 'mean.txt')
    assert exit_.value.code
    assert '.json or .npy' in capsys.readouterr().err + str(exit_.value.code)
