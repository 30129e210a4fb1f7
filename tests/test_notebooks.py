"""Notebooks of the docs run from top to bottom, as they are, in an empty folder."""

import json
import re
from pathlib import Path

import cv2
import pytest
from programs import run_program

import mmwing

ROOT = Path(mmwing.__file__).resolve().parent.parent
NOTEBOOK = ROOT / 'docs/notebooks/first_steps.ipynb'

pytestmark = pytest.mark.skipif(not NOTEBOOK.is_file(), reason='no checkout')


def code_cells():
    content = json.loads(NOTEBOOK.read_text(encoding='utf-8'))
    assert content['nbformat'] == 4
    return [cell for cell in content['cells'] if cell['cell_type'] == 'code']


def test_outputs_are_stripped():
    for cell in code_cells():
        assert cell['outputs'] == [] and cell['execution_count'] is None


def test_what_it_installs_is_what_the_package_is_tested_with():
    first = ''.join(code_cells()[0]['source'])
    pinned = (ROOT / 'requirements/openmmlab.txt').read_text(encoding='utf-8')
    for requirement in re.findall(r'^\w.*', pinned, re.MULTILINE):
        assert f"'{requirement}'" in first


@pytest.mark.slow
def test_first_steps(tmp_path):
    for package in ('onnx', 'onnxruntime'):
        pytest.importorskip(package)
    folder = tmp_path / 'empty'
    folder.mkdir()
    script = tmp_path / 'first_steps.py'
    script.write_text('\n\n'.join(''.join(cell['source']) for cell in code_cells()),
                      encoding='utf-8')
    done = run_program(script, cwd=folder)
    assert done.returncode == 0, done.stderr
    printed = done.stdout
    assert '8 faces\n(68, 2)' in printed
    errors = [float(each) for each in re.findall(r'NME +(\d+\.\d+) %', printed)]
    scores = [float(each) for each in re.findall(r'score (\d\.\d+)', printed)]
    trained, default, own = errors[0], errors[1:-1], errors[-1]
    assert 1 < trained < 4 and len(default) == 8 and trained < own
    # The scores tell on which faces the default model is lost, as the text says.
    assert max(scores[:8]) > 0.9 and scores[8] < 0.1
    lost = [score < 0.5 for score in scores[:8]]
    worst = sorted(range(8), key=lambda index: default[index])[8 - sum(lost):]
    assert 0 < sum(lost) < 8 and all(lost[index] for index in worst)
    assert float(re.search(r'at most (\S+) pixels', printed)[1]) < 1e-3
    assert '8 faces; PyTorch is loaded: False' in printed
    plain, drawn = (cv2.imread(str(folder / name)) for name in (
        'faces.png', 'landmarks.png'))
    assert plain.shape == drawn.shape == (128, 1024, 3)
    assert ((drawn.astype(int) - plain) ** 2).sum(-1).max() > 10_000
