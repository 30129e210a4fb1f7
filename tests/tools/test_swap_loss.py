"""tools/swap_loss.py as a user calls it."""

import os
import re
import runpy
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path

import mmpose
import pytest
from mmengine.logging import MMLogger
from swap_data import shrink, use_data

import mmwing
from mmwing.config import load_config

WFLW = ('mmpose::face_2d_keypoint/topdown_regression/wflw/'
        'td-reg_res50_8xb64-210e_wflw-256x256.py')


@pytest.fixture
def run(monkeypatch, capsys):
    def call(*arguments):
        """Status, and what was printed."""
        monkeypatch.setattr(sys, 'argv', ['swap_loss.py', *arguments])
        status = None
        try:
            runpy.run_path(mmwing.tool_path('swap_loss.py'), run_name='__main__')
        except SystemExit as end:
            status = end.code
        return status, capsys.readouterr()
    return call


def test_the_file_is_written_and_the_changes_are_printed(run, tmp_path):
    status, printed = run(WFLW, '--loss', 'WingLoss', '--set', 'omega=40', 'epsilon=8',
                          '--out', str(tmp_path / 'wing.py'))
    assert status is None
    assert 'SmoothL1Loss -> mmwing.WingLoss' in printed.out
    assert 'omega=40, epsilon=8' in (tmp_path / 'wing.py').read_text()


def test_without_out_the_output_is_the_config_alone(run):
    _, printed = run(WFLW, '--loss', 'WingLoss')
    assert printed.out.startswith('# Written by') and 'SmoothL1Loss' not in printed.out
    assert 'SmoothL1Loss -> mmwing.WingLoss' in printed.err
    # The defaults are for 64 pixels; the scale for this input is offered.
    assert '--set omega=40 epsilon=8' in printed.err


def test_what_mmengine_logs_is_no_part_of_the_output(run, tmp_path, monkeypatch):
    """It says which variables of the environment a config reads."""
    monkeypatch.setenv('FACES', '/faces')
    monkeypatch.setattr(MMLogger, '_instance_dict', OrderedDict())
    config = tmp_path / 'mine.py'
    config.write_text(f"_base_ = [{WFLW!r}]\ndata_root = '{{{{$FACES:data/}}}}'\n")
    _, printed = run(str(config), '--loss', 'WingLoss')
    assert printed.out.startswith('# Written by')
    assert 'Using env variable' in printed.err and 'env' not in printed.out


@pytest.mark.parametrize(('arguments', 'message'), [
    ((WFLW, '--loss', 'WingLos'), 'nearest: WingLoss'),
    ((WFLW, '--loss', 'L1Loss', '--set', 'omega=3'), 'has no argument omega'),
    (('mmpose::nothing.py', '--loss', 'L1Loss'), 'MMPose ships no config'),
    (('nothing', '--loss', 'L1Loss'), "no config 'nothing'"),
])
def test_bad_input_writes_nothing(arguments, message, run, tmp_path):
    status, _ = run(*arguments, '--out', str(tmp_path / 'new.py'))
    assert message in status and 'Traceback' not in status
    assert list(tmp_path.iterdir()) == []


def test_a_setting_without_a_value(run):
    status, printed = run(WFLW, '--loss', 'WingLoss', '--set', 'omega')
    assert status == 2 and "takes KEY=VALUE, such as omega=40; got 'omega'" in (
        printed.err)


@pytest.mark.parametrize(('setting', 'instead'), [
    ('head=direct', 'use --head'), ('loss=L1Loss', 'use --loss'),
    ('cfg=a.py', 'CONFIG comes first')])
def test_a_setting_that_is_an_option_of_the_tool(setting, instead, run):
    status, printed = run(WFLW, '--loss', 'WingLoss', '--set', 'omega=40', setting)
    assert status == 2 and printed.err.splitlines()[-1].endswith(
        f'is none: {instead}; got {setting!r}')


def stock_train(config: str, folder: Path) -> str:
    """What MMPose's own script prints when it trains a config."""
    script = Path(mmpose.__file__).parent / '.mim' / 'tools' / 'train.py'
    root = str(Path(mmwing.__file__).resolve().parent.parent)
    path = os.pathsep.join(filter(None, (root, os.environ.get('PYTHONPATH'))))
    done = subprocess.run(
        [sys.executable, str(script), config, '--work-dir', 'work',
         '--cfg-options', 'log_level=INFO'], cwd=folder,
        env={**os.environ, 'PYTHONPATH': path, 'OMP_NUM_THREADS': '1'},
        capture_output=True, text=True, timeout=570)
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed[-3000:]
    return printed


def test_mmposes_own_script_and_head_train_in_pixels(tmp_path):
    """Three lines of config; the loss learns the input size from the codec."""
    cfg = shrink(load_config(WFLW))
    use_data(cfg, tmp_path / 'data')
    cfg.dump(tmp_path / 'mine.py')
    (tmp_path / 'wing.py').write_text(
        "_base_ = ['mine.py']\n"
        "custom_imports = dict(imports=['mmwing'], allow_failed_imports=False)\n"
        "model = dict(head=dict(loss=dict(_delete_=True, type='mmwing.WingLoss')))\n")
    printed = stock_train('wing.py', tmp_path)
    assert 'NME: ' in printed and 'look normalised' not in printed
    loss = float(re.search(r'Epoch\(train\).* loss: ([\d.]+)', printed)[1])
    assert loss > 1000  # 98 landmarks, tens of pixels off; normalised: below 300


def test_mmposes_own_script_trains_the_written_config(run, tmp_path):
    """A config of the user's, swapped into another folder, run from a third."""
    cfg = shrink(load_config('mmpose::face_2d_keypoint/topdown_heatmap/300w/'
                             'td-hm_hrnetv2-w18_8xb64-60e_300w-256x256.py'))
    use_data(cfg, tmp_path / 'data')
    cfg.dump(tmp_path / 'mine.py')
    for folder in ('new', 'elsewhere'):
        (tmp_path / folder).mkdir()
    status, _ = run(str(tmp_path / 'mine.py'), '--loss', 'WingLoss', '--head', 'direct',
                    '--out', str(tmp_path / 'new' / 'wing.py'))
    assert status is None
    printed = stock_train('../new/wing.py', tmp_path / 'elsewhere')
    assert 'NME: ' in printed and 'look normalised' not in printed
