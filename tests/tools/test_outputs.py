"""Where results go is tried before the work, not after it."""

import runpy
import sys

import pytest

import mmwing


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
    tool, *words = arguments
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, 'argv', [tool, *words, 'file/result.json'])
    with pytest.raises(SystemExit) as caught:
        runpy.run_path(mmwing.tool_path(f'{tool}.py'), run_name='__main__')
    message = str(caught.value.code).splitlines()[0]
    assert message.startswith('error: ') and 'file' in message
    assert 'nowhere' not in message
    assert [path.name for path in tmp_path.iterdir()] == ['file']
