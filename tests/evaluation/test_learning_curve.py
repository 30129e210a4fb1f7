"""The log of a training, read back."""

import json

import pytest

from mmwing.evaluation import RunRecord, write_record
from mmwing.evaluation.learning_curve import read_learning_curve
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
