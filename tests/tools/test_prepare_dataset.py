import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

TOOL = Path(__file__).resolve().parents[2] / 'tools' / 'prepare_dataset.py'


@pytest.fixture
def raw(tmp_path):
    """Two faces of three points."""
    (tmp_path / 'raw').mkdir()
    for seed, name in enumerate(('a', 'b')):
        pixels = np.random.default_rng(seed).integers(0, 256, (40, 40, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / 'raw' / f'{name}.png')
        (tmp_path / 'raw' / f'{name}.pts').write_text(
            f'version: 1\nn_points: 3\n{{\n{11 + seed} 11\n31 11\n21 31\n}}\n')
    return tmp_path / 'raw'


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, 'argv', ['prepare_dataset.py', *map(str, arguments)])
    with pytest.raises(SystemExit) as exit_:
        runpy.run_path(str(TOOL), run_name='__main__')
    return exit_.value.code


def test_success_prints_what_was_written(raw, tmp_path, monkeypatch, capsys):
    assert run(monkeypatch, 'pts', raw, tmp_path / 'out', '--crop', '2', '--size',
               '32') == 0
    printed = capsys.readouterr().out
    assert '2 faces in 2 images' in printed
    assert 'nothing is broken' in printed
    crops = list((tmp_path / 'out/images').glob('a.*.png'))
    assert [Image.open(path).size for path in crops] == [(32, 32)]


def test_what_is_broken_is_printed_the_rest_is_written_and_the_status_is_1(
        raw, tmp_path, monkeypatch, capsys):
    (raw / 'b.png').unlink()
    assert run(monkeypatch, 'pts', raw, tmp_path / 'out', '--images', 'link') == 1
    printed = capsys.readouterr().out
    assert 'missing image: 1\n    b.pts: no ' in printed
    assert '1 faces in 1 images' in printed
    assert (tmp_path / 'out/annotations/face_landmarks_pts.json').is_file()


def test_what_is_to_be_looked_at_is_printed_and_is_no_failure(
        raw, tmp_path, monkeypatch, capsys):
    Image.new('RGB', (40, 40), 'red').save(raw / 'b.png')
    assert run(monkeypatch, 'pts', raw, tmp_path / 'out') == 0
    printed = capsys.readouterr().out
    assert 'blank image: 1\n    b.pts: ' in printed
    assert '2 faces in 2 images' in printed


def test_errors_are_one_line_and_exit_1(raw, tmp_path, monkeypatch, capsys):
    assert run(monkeypatch, 'wflw', raw, tmp_path / 'out') == 1
    error = capsys.readouterr().err
    assert error.startswith('error: ') and error.count('\n') == 1
    assert "use 'pts'" in error
    (raw / 'b.png').unlink()
    assert run(monkeypatch, 'pts', raw, tmp_path / 'out', '--strict') == 1
    assert 'stopped at the first problem: missing image' in capsys.readouterr().err
    assert run(monkeypatch, 'pts', raw, tmp_path / 'out', '--size', '9') == 1
    assert 'goes with crop' in capsys.readouterr().err


def test_links_and_crops_exclude_each_other(raw, tmp_path, monkeypatch, capsys):
    assert run(monkeypatch, 'pts', raw, tmp_path / 'out', '--images', 'link',
               '--crop', '2') == 2
    assert '--crop: not allowed with argument --images' in capsys.readouterr().err
