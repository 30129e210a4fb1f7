"""tools/plot_learning_curves.py on the records of trainings."""

import runpy
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure

import mmwing
from mmwing.evaluation import RunRecord, write_record
from mmwing.evaluation.run import Training


@pytest.fixture
def plot(tmp_path, monkeypatch):
    """Runs the tool beside the trainings a/run and b/run; the figure that it saves."""
    for name in 'ab':
        write_record(
            RunRecord(('x',), {'mine': np.array([0.1])}, (0.1,), training=Training(
                [{'epoch': 1, 'iter': 8, 'NME': 0.1, 'FR@0.1': 0.5}], epochs=1)),
            tmp_path / name / 'run/run.json')
    saved = []
    monkeypatch.setattr(Figure, 'savefig', lambda figure, path: (
        saved.append(figure), path.touch()))
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr(sys, 'argv', ['plot-curves', *arguments])
        runpy.run_path(mmwing.tool_path('plot_learning_curves.py'),
                       run_name='__main__')
        return saved[0]
    return call


def test_runs_of_one_name_are_two_curves(plot, capsys):
    figure = plot('a/run', 'b/run')
    assert [line.get_label() for line in figure.axes[0].lines] == ['a/run', 'b/run']
    assert capsys.readouterr().out.splitlines()[:2] == [
        'a/run 1: 10.00', 'b/run 1: 10.00']


@pytest.mark.parametrize(('arguments', 'label'), [
    (['--key', 'FR@0.1'], 'FR@0.1, %'),
    (['--normalizer', 'box_width'], 'NME, % of box-width'),
    (['--normalizer', 'mine'], 'NME, % of mine')])  # what the record knows
def test_the_axis(plot, arguments, label):
    assert plot('a/run', *arguments).axes[0].get_ylabel() == label


@pytest.mark.parametrize(('arguments', 'message'), [
    (['a/run', '--normalizer', 'nonsense'], "unknown normalizer 'nonsense'"),
    (['a/run', '--out', 'curves.xyz'], "the suffix of 'curves.xyz' must name"),
    (['nope'], 'nope does not exist')])
def test_what_is_not_there(plot, arguments, message):
    with pytest.raises(SystemExit, match=f'error: {message}'):
        plot(*arguments)
