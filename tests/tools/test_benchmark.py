"""The benchmark runs each of its parts."""

import json

import pytest
from programs import run_program

import mmwing


def benchmark(*arguments, cwd, timeout=300):
    return run_program(mmwing.tool_path('benchmark.py'), *arguments, cwd=cwd,
                       timeout=timeout)


def test_a_part_in_words_and_numbers(tmp_path):
    done = benchmark('losses', '--quick', '--out', 'o.json', cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert '**Wing, forward and backward, (64, 98, 2)**' in done.stdout
    content = json.loads((tmp_path / 'o.json').read_text())
    wing = content['tables']['Wing, forward and backward, (64, 98, 2)']
    assert set(wing) == {'MMPose', 'mmwing'} and wing['MMPose']['ratio'] == [1, 1, 1]
    assert content['machine']['torch']


@pytest.mark.slow
def test_every_part(tmp_path):
    # All parts take minutes of computing, on a busy machine many.
    done = benchmark('--quick', '--workers', 0, '--folder', tmp_path, cwd=tmp_path,
                     timeout=3600)
    assert done.returncode == 0, done.stderr
    for title in ('Loader, photos of 320 pixels', 'Training of cnn6, 64x64',
                  'Training of resnet18', 'Arithmetic of cnn6', 'Evaluation',
                  'Reading annotations', '1 and 2 processes'):
        assert title in done.stdout


@pytest.mark.parametrize(('arguments', 'message'), [
    (['speed'], "there is no part 'speed'; parts: losses, loader"),
    (['--rounds', '0'], '--rounds must be at least 1, got 0'),
    (['--workers', '-1'], '--workers must not be negative'),
    (['--device', 'cuda:99'], '--device cuda:99: PyTorch sees no GPU'),
])
def test_what_cannot_be_measured(tmp_path, arguments, message):
    done = benchmark(*arguments, cwd=tmp_path)
    assert done.returncode == 2 and message in done.stderr
