"""Where results go is tried before the work, not after it."""

import runpy
import sys

import pytest

import mmwing


def run(monkeypatch, tool, *words) -> str:
    """What a program that fails says."""
    monkeypatch.setattr(sys, 'argv', [tool, *words])
    with pytest.raises(SystemExit) as caught:
        runpy.run_path(mmwing.tool_path(f'{tool}.py'), run_name='__main__')
    return str(caught.value.code)


@pytest.mark.parametrize('arguments', [
    ['browse_dataset', 'nowhere', '--out'], ['check_dataset', 'nowhere', '--out'],
    ['compare_runs', 'nowhere', '--out'], ['compute_mean_shape', 'nowhere', '--out'],
    ['plot_learning_curves', 'nowhere', '--out'],
    ['plot_pose_balance', 'nowhere', '--out'], ['shape_baselines', 'nowhere', '--out'],
    ['compare_losses', 'nowhere', '--losses', 'L1Loss', '--out']],
    ids=lambda arguments: arguments[0])
def test_a_path_that_cannot_be_written_is_named_first(arguments, tmp_path, monkeypatch):
    """Before the config, the data or the run that is not there either."""
    (tmp_path / 'file').touch()
    monkeypatch.chdir(tmp_path)
    suffix = 'json' if arguments[0] == 'compute_mean_shape' else 'png'
    message = run(monkeypatch, *arguments, f'file/result.{suffix}').splitlines()[0]
    assert message.startswith('error: ') and f'{tmp_path}/file' in message
    assert 'nowhere' not in message
    assert [path.name for path in tmp_path.iterdir()] == ['file']


@pytest.mark.parametrize('name', ['sheet.xyz', 'sheet'])
@pytest.mark.parametrize('arguments', [
    ['browse_dataset', 'nowhere', '--out'], ['check_dataset', 'nowhere', '--out'],
    ['plot_pose_balance', 'nowhere', '--out'], ['plot_losses']],
    ids=lambda arguments: arguments[0])
def test_a_suffix_that_no_picture_has_is_named_first(
        arguments, name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr('mmwing.comparison.loss_curves.draw_loss_curves', None)
    message = run(monkeypatch, *arguments, name) + capsys.readouterr().err
    assert f'error: the suffix of {name!r} must name one of the formats .png' in message
    assert list(tmp_path.iterdir()) == []


def test_a_negative_number_of_faces_is_named(monkeypatch, capsys):
    run(monkeypatch, 'plot_pose_balance', 'nowhere', '--faces', '-1')
    assert '--faces must not be negative, got -1' in capsys.readouterr().err
