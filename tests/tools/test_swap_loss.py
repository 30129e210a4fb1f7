"""tools/swap_loss.py as a user calls it."""

import runpy
import sys

import pytest

import mmwing

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
