"""The log of a training, read back."""

import json

import pytest

from mmwing.evaluation import RunRecord, write_record
from mmwing.evaluation.learning_curve import label_work_dirs, read_learning_curve
from mmwing.evaluation.run import Training


def write_log(work_dir, start, entries, tail=''):
    folder = work_dir / start / 'vis_data'
    folder.mkdir(parents=True)
    lines = [json.dumps(entry) for entry in entries]
    (folder / 'scalars.json').write_text('\n'.join([*lines, tail]))


def test_validations_in_order(tmp_path):
    write_log(tmp_path, '20260101_000000', [
        {'loss': 3.0, 'epoch': 1, 'step': 40},
        {'NME': 0.2, 'step': 1},
        {'loss': 2.0, 'NME': 9.0, 'epoch': 2, 'step': 80},  # not a validation
        {'NME': 0.1, 'step': 2}])
    assert read_learning_curve(tmp_path) == [(1, 0.2), (2, 0.1)]


def test_a_resumed_training_is_one_curve(tmp_path):
    write_log(tmp_path, '20260102_000000',
              [{'NME': 0.08, 'step': 2}, {'NME': 0.05, 'step': 3}])
    write_log(tmp_path, '20260101_000000',
              [{'NME': 0.2, 'step': 1}, {'NME': 0.1, 'step': 2}], tail='{"NME": 0.0')
    assert read_learning_curve(tmp_path) == [(1, 0.2), (2, 0.08), (3, 0.05)]


def test_a_record_counts_more_than_logs(tmp_path):
    write_log(tmp_path, '20260101_000000', [{'NME': 0.2, 'step': 1}])
    write_record(RunRecord((), {}, (), training=Training(
        [{'epoch': 1, 'iter': 8, 'NME': 0.1}], epochs=1)), tmp_path / 'run.json')
    assert read_learning_curve(tmp_path) == [(1, 0.1)]
    assert read_learning_curve(tmp_path / 'run.json') == [(1, 0.1)]


def test_no_log(tmp_path):
    with pytest.raises(FileNotFoundError, match='work dir of a training'):
        read_learning_curve(tmp_path)


def test_another_figure(tmp_path):
    write_log(tmp_path, '20260101_000000', [{'NME_inter_pupil': 0.2, 'step': 1}])
    assert read_learning_curve(tmp_path, 'NME_inter_pupil') == [(1, 0.2)]
    with pytest.raises(ValueError, match='NME_inter_pupil'):
        read_learning_curve(tmp_path)


def test_a_folder_that_does_not_exist(tmp_path):
    with pytest.raises(FileNotFoundError, match='nope does not exist'):
        read_learning_curve(tmp_path / 'nope')


@pytest.mark.parametrize(('entry', 'message'), [
    (3, 'line 2 must hold figures by name.*got 3'),
    ([1, 2], r'line 2 must hold figures by name.*got \[1, 2\]'),
    ({'NME': 'x', 'step': 2}, "line 2: NME must be a number, got 'x'"),
    ({'NME': None, 'step': 2}, 'line 2: NME must be a number, got None'),
    ({'NME': 0.1}, 'line 2: step must be a number, got None')])
def test_a_line_without_figures_is_named(tmp_path, entry, message):
    write_log(tmp_path, '20260101_000000', [{'NME': 0.2, 'step': 1}, entry])
    with pytest.raises(ValueError, match=f'scalars.json, {message}'):
        read_learning_curve(tmp_path)


@pytest.mark.parametrize(('paths', 'labels'), [
    (['a/run'], ['run']), (['a/run', 'a/other'], ['run', 'other']),
    (['a/run', 'b/run'], ['a/run', 'b/run']),
    (['1/a/run', '2/a/run', 'other'], ['1/a/run', '2/a/run', 'HERE/other']),
    (['run', 'run/run'], ['HERE/run', 'run/run'])])
def test_labels_tell_trainings_apart(paths, labels, tmp_path, monkeypatch):
    (tmp_path / 'HERE').mkdir()
    monkeypatch.chdir(tmp_path / 'HERE')
    found = label_work_dirs(paths)
    assert [label.endswith(name) for label, name in zip(
        found, labels, strict=True)] == [True] * len(paths)
    assert len({*found}) == len(paths)
    assert len({*(label.count('/') for label in found)}) == 1


def test_a_training_that_is_given_twice():
    with pytest.raises(ValueError, match='run/. is given twice'):
        label_work_dirs(['run', 'run/.'])
