"""The tool as a user calls it: killed, taken up again, rebuilt from its files."""

import signal
import subprocess
import sys
import time

import pytest
from programs import environment, run_program

import mmwing
from mmwing.comparison import read_results

CONFIG = 'td-reg_cnn6_wing_1xb64-24e_synthetic-64x64'
OPTIONS = [
    'train_dataloader.dataset.num_samples=32', 'train_dataloader.batch_size=8',
    'val_dataloader.dataset.num_samples=4', 'model.backbone.widen_factor=0.125',
    'model.head.in_channels=256', 'model.head.hidden_channels=16']
PROGRAM = mmwing.tool_path('compare_losses.py')


def run(*arguments, cwd, check=True):
    done = run_program(PROGRAM, *arguments, cwd=cwd, timeout=570)
    if check:
        assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.mark.slow
def test_a_study_is_killed_goes_on_and_is_rebuilt(tmp_path):
    arguments = [CONFIG, '--losses', 'WingLoss', '--variant', 'stock',
                 'mmpose:WingLoss', '--epochs', '3', '--jobs', '1', '--work-dir',
                 'work', '--out', 'study.md', '--cfg-options', *OPTIONS]
    record = tmp_path / 'work/final_WingLoss_lr0.001_seed0/run.json'
    with subprocess.Popen([sys.executable, PROGRAM, *arguments], cwd=tmp_path,
                          env=environment()) as victim:
        while victim.poll() is None and not record.is_file():
            time.sleep(0.05)
        victim.send_signal(signal.SIGTERM)
    assert not (tmp_path / 'study.md').exists()
    run(*arguments, cwd=tmp_path)
    names = [result.name for result in read_results(tmp_path / 'study.jsonl')]
    assert names == ['final_WingLoss_lr0.001_seed0', 'final_stock_lr0.001_seed0']
    text = (tmp_path / 'study.md').read_text()
    assert 'saw the same training pictures' in text

    (tmp_path / 'study.md').unlink()
    run('--table-only', '--out', 'study.md', cwd=tmp_path)
    assert (tmp_path / 'study.md').read_text() == text
    run(CONFIG, '--by-pose', '0.5', '--out', 'study.md', '--cfg-options', *OPTIONS,
        cwd=tmp_path)
    by_pose = (tmp_path / 'study_by_pose.md').read_text()
    assert '| 0 to 50 % by yaw (2 faces) |' in by_pose and '| stock |' in by_pose
    again = run(*arguments, '--budget', '0', cwd=tmp_path)
    assert '2 of 2 runs have a result already' in again.stdout


def test_without_budget_nothing_begins(tmp_path):
    done = run(CONFIG, '--losses', 'WingLoss', '--budget', '0', '--work-dir', 'work',
               '--cfg-options', *OPTIONS, cwd=tmp_path, check=False)
    assert '1 of 1 runs were not begun' in done.stdout
    assert done.returncode == 1 and 'no result' in done.stderr


@pytest.mark.parametrize('arguments, message', [
    (['--losses', 'WingLoss'], 'CONFIG and --losses'),
    ([CONFIG, '--losses', 'WingLoss', 'WingLoss'], 'each label once'),
    # They would have one folder, and one result.
    ([CONFIG, '--variant', 'L1, SGD', '--variant', 'L1 SGD'], 'each label once'),
    ([CONFIG, '--losses', 'WingLoss', '--epochs', '0'], 'epochs must be positive'),
    ([CONFIG, '--losses', 'WingLoss', '--jobs', '0'], 'jobs must be positive'),
    ([CONFIG, '--losses', 'WingLoss', '--tune-lrs', '1e-3', '--tune-epochs', '0'],
     'epochs must be positive'),
    ([CONFIG, '--variant', 'x', 'L1Loss', 'L2Loss'], 'at most one loss'),
    ([CONFIG, '--losses', 'WingLoss', '--lrs', '1', '2'], 'one for each'),
    ([CONFIG, '--losses', 'WingLoss', '--tune-epochs', '1', '--tune-iters', '9'],
     'exclude each other'),
    ([CONFIG, '--losses', 'WingLoss', '--tune-lrs', '1', '--iters', '9'],
     'needs --tune-iters'),
    (['--overview', '.'], '--out FILE.md'),
    (['--by-pose', '0.5', '--out', 'study.md'], 'CONFIG and --out FILE.md'),
    ([CONFIG, '--by-pose', '0.5', '--out', 'nothing.md'], 'no result of a study'),
])
def test_bad_arguments_are_one_message(arguments, message, tmp_path):
    done = run(*arguments, cwd=tmp_path, check=False)
    assert done.returncode and message in done.stderr
    assert 'Traceback' not in done.stderr
