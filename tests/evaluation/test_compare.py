import csv
from dataclasses import replace

import numpy as np
import pytest

from mmwing.evaluation import Protocol, Provenance, RunRecord, write_record
from mmwing.evaluation.compare import compare_runs, write_comparison
from mmwing.evaluation.report import write_report


def make_run(errors, config='a', names=None, normalizer='inter_ocular', **provenance):
    names = names or [f'face{index}' for index in range(len(errors))]
    return RunRecord(names, {normalizer: np.asarray(errors, float)}, (0.08, 0.1),
                     Provenance(config=config, **provenance))


@pytest.fixture
def errors():
    return np.random.default_rng(0).gamma(3, 0.02, 300)


def test_a_small_constant_gain_is_clear(errors):
    """Far smaller than the spread of the faces, which pairing takes out."""
    comparison = compare_runs([make_run(errors), make_run(errors - 1e-4, 'b')])
    figure = comparison.figures['b']['NME']
    assert figure.value == pytest.approx(errors.mean() - 1e-4)
    assert figure.difference.mean == pytest.approx(-1e-4)
    assert figure.difference.low == pytest.approx(-1e-4)
    assert figure.difference.high == pytest.approx(-1e-4)
    assert figure.difference.is_clear


def test_interval_is_that_of_the_mean_difference(errors):
    other = errors + np.random.default_rng(1).normal(0, 0.01, 300)
    figure = compare_runs([make_run(errors), make_run(other)],
                          num_bootstrap=4000).figures['a (2)']['NME'].difference
    half = 1.96 * (other - errors).std() / np.sqrt(300)
    mean = (other - errors).mean()
    np.testing.assert_allclose([figure.low, figure.high], [mean - half, mean + half],
                               atol=1e-4)
    assert not figure.is_clear


def test_faces_are_matched_by_name_and_unusable_ones_left_out(errors):
    order = np.random.default_rng(2).permutation(300)
    first = make_run(errors)
    other = errors + 0.01
    other[5] = np.nan
    second = make_run(other[order], 'b', [f'face{index}' for index in order])
    comparison = compare_runs([first, second])
    assert comparison.num_faces == 299
    assert comparison.num_left_out == {'a': 1, 'b': 1}
    assert comparison.figures['b']['NME'].difference.mean == pytest.approx(0.01)
    assert '1 faces of' in comparison.markdown()


def test_failure_and_area(errors):
    comparison = compare_runs([make_run(errors), make_run(2 * errors, 'b')])
    figures = comparison.figures['b']
    assert figures['FR@0.1'].difference.mean == pytest.approx(
        (errors > 0.05).mean() - (errors > 0.1).mean())
    assert figures['FR@0.1'].difference.low > 0
    assert figures['AUC@0.1'].difference.high < 0


def test_failed_predictions_do_not_give_nan(errors):
    bad = errors.copy()
    bad[:2] = np.inf
    comparison = compare_runs([make_run(bad), make_run(bad, 'b')])
    assert comparison.figures['b']['NME'].difference.mean == 0
    assert comparison.figures['b']['NME'].value == np.inf
    worse = compare_runs([make_run(errors), make_run(bad, 'b')]).figures['b']['NME']
    better = compare_runs([make_run(bad), make_run(errors, 'b')]).figures['b']['NME']
    assert worse.difference.high == np.inf and better.difference.low == -np.inf


def test_reports_are_compared_in_files(make_faces, tmp_path):
    for name, noise in (('one', 2), ('two', 6)):
        write_report(make_faces(40, noise=noise), tmp_path / name)
    comparison = write_comparison(
        [tmp_path / 'one', tmp_path / 'two/run.json'], tmp_path / 'out',
        num_bootstrap=50, names=['one', 'two'])
    assert {path.name for path in (tmp_path / 'out').iterdir()} == {
        'comparison.md', 'comparison.csv', 'ced.png'}
    text = (tmp_path / 'out/comparison.md').read_text()
    assert '| two | ' in text and '**+' in text
    with (tmp_path / 'out/comparison.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert [row['run'] for row in rows] == ['one'] * 3 + ['two'] * 3
    assert float(rows[3]['difference']) == pytest.approx(
        comparison.figures['two']['NME'].difference.mean)


@pytest.mark.parametrize(('runs', 'message'), [
    ([make_run([0.1])], 'at least two runs'),
    ([make_run([0.1]), make_run([0.1], 'b', ['other'])], 'same data set'),
    ([make_run([0.1]), make_run([0.1], 'b', normalizer='box_width')],
     "no normalizer 'inter_ocular'"),
    ([make_run([0.1, 0.2], names=['x', 'x']), make_run([0.1])], 'give the annotations'),
])
def test_runs_that_cannot_be_compared(runs, message):
    with pytest.raises(ValueError, match=message):
        compare_runs(runs)


def test_nothing_is_written_when_a_run_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match='no record of a run'):
        write_comparison([tmp_path / 'a', tmp_path / 'b'], tmp_path / 'out')
    assert not (tmp_path / 'out').exists()


def test_runs_of_one_config_are_called_by_their_losses(errors, tmp_path):
    for name, loss in (('x', 'WingLoss'), ('y', 'L1Loss')):
        write_record(make_run(errors, loss=loss), tmp_path / f'{name}.json')
    paths = [tmp_path / 'x.json', tmp_path / 'y.json']
    text = write_comparison(paths, tmp_path / 'out', num_bootstrap=5).markdown()
    assert '| WingLoss |' in text and '| L1Loss |' in text
    text = write_comparison(paths, tmp_path / 'out', num_bootstrap=5,
                            names=['mine', 'other']).markdown()
    assert "Differences from 'mine'" in text and 'WingLoss' not in text


@pytest.fixture
def make_record(make_faces):
    """The record of some faces, whose landmarks, true and predicted, are changed."""
    def make(config='a', change=lambda points: points, num_keypoints=68):
        faces = make_faces(30, num_keypoints)
        faces = replace(faces, pred=change(faces.pred), gt=change(faces.gt))
        protocol = Protocol(('eyes',), keypoint_indices={'eyes': (0, 3)})
        return RunRecord.of_faces(faces, protocol, provenance=Provenance(config=config))
    return make


def test_runs_with_other_landmarks_are_refused(make_record):
    with pytest.raises(ValueError, match="same landmarks, got 68 of 'a', 7 of 'b'"):
        compare_runs([make_record(), make_record('b', num_keypoints=7)])


def test_runs_with_other_labels_are_warned_of(make_record):
    runs = [make_record(), make_record('b', lambda points: 3 * points)]
    message = "eyes has another length in 'b' than in 'a' for .*in the middle 3 times"
    with pytest.warns(UserWarning, match=message) as warned:
        comparison = compare_runs(runs, num_bootstrap=5)
    assert f'Warning: {warned[0].message}.' in comparison.markdown()


def move(points):
    """The labels without an offset, as float32 has them."""
    return (points - (0.5, 0)).astype(np.float32)


@pytest.mark.filterwarnings('error')
@pytest.mark.parametrize('other', [
    lambda make: make('b'), lambda make: make('b', move),
    lambda make: make('b').without_landmarks()],
    ids=['same', 'without an offset', 'without landmarks'])
def test_runs_on_the_same_labels_are_not(make_record, other):
    comparison = compare_runs([make_record(), other(make_record)], num_bootstrap=5)
    assert not comparison.doubts and 'Warning' not in comparison.markdown()


def test_the_folder_is_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'photo.jpg').touch()
    for out, message in (('', "out must be a folder .* got ''"),
                         ('photo.jpg', "out must be a folder .* the file 'photo.jpg'")):
        with pytest.raises(ValueError, match=message):
            write_comparison(['a', 'b'], out)
    with pytest.raises(FileNotFoundError, match='nope does not exist'):
        write_comparison(['nope', 'b'], 'out')
    assert [path.name for path in tmp_path.iterdir()] == ['photo.jpg']
