"""The record of a run: computed from faces, labelled, restricted."""

import math

import numpy as np
import pytest

from mmwing.evaluation import Protocol, Provenance, RunRecord
from mmwing.evaluation.run import Training, label_runs


def make_run(**provenance):
    return RunRecord(['a'], {'inter_ocular': np.zeros(1)}, (0.1,),
                     Provenance(**provenance))


def test_errors_are_those_of_a_plain_loop(make_faces):
    faces = make_faces(12)
    record = RunRecord.of_faces(faces, Protocol(('box_width', 'inter_ocular'), (0.08,)))
    for index in range(12):
        distances = [math.dist(p, t) for p, t, seen in zip(
            faces.pred[index], faces.gt[index], faces.visible[index], strict=True)
            if seen]
        width = faces.boxes[index, 2] - faces.boxes[index, 0]
        assert record.errors_by()[index] == pytest.approx(np.mean(distances) / width)
        assert np.nansum(record.landmarks[index]) == pytest.approx(sum(distances))
    assert record.normalizers == ['box_width', 'inter_ocular']
    assert record.digest == faces.digest and list(record.names) == faces.names
    assert record.nme == pytest.approx(record.errors['box_width'].mean())


def test_a_part_of_the_faces(make_faces):
    record = RunRecord.of_faces(make_faces(12), Protocol())
    some = record.of_subset(np.array([3, 1]))
    assert list(some.names) == [record.names[3], record.names[1]]
    np.testing.assert_array_equal(some.errors_by(), record.errors_by()[[3, 1]])
    np.testing.assert_array_equal(some.landmarks, record.landmarks[[3, 1]])
    assert some.subsets['common'].tolist() == [False, True]
    common = record.of_subset(record.subsets['common'])
    assert len(common) == 8 and common.subsets['common'].all()


def test_what_is_not_there_is_named(make_faces):
    record = make_run(config='my_config')
    with pytest.raises(ValueError, match="my_config has no normalizer 'box_width'"):
        record.errors_by('box_width')
    with pytest.raises(ValueError, match='my_config holds errors of faces alone'):
        _ = record.landmarks
    with pytest.raises(ValueError, match="no validation has 'NME'"):
        record.learning_curve()
    with pytest.raises(ValueError, match='there is no face'):
        faces = make_faces(1)
        RunRecord.of_faces(type(faces)(
            faces.pred[:0], faces.gt[:0], faces.visible[:0], faces.boxes[:0], [], []),
            Protocol())


def test_curve_by_epoch_or_by_iteration():
    curve = [{'epoch': 1, 'iter': 10, 'inter_ocular/NME': 0.2},
             {'epoch': 2, 'iter': 20, 'inter_ocular/NME': 0.1, 'AUC@0.1': 0.5}]
    def make(**length):
        return RunRecord((), {}, (), training=Training(curve=curve, **length))
    assert make(epochs=2).learning_curve() == [(1, 0.2), (2, 0.1)]
    assert make(iters=20).learning_curve() == [(10, 0.2), (20, 0.1)]
    assert make(epochs=2).learning_curve('AUC@0.1') == [(2, 0.5)]


@pytest.mark.parametrize(('sources', 'labels'), [
    ([dict(config='a'), dict(config='b')], ['a', 'b']),
    ([dict(config='a', loss='W'), dict(config='a', loss='L1')], ['W', 'L1']),
    ([dict(config='a', loss='W', seed=0), dict(config='b', loss='L1', seed=1)],
     ['a', 'b']),
    ([dict(config='a', loss='W'), dict(config='a', loss='L1'),
      dict(config='b', loss='W')], ['a, W', 'a, L1', 'b, W']),
    ([dict(config='a', loss='W', seed=0), dict(config='a', loss='W', seed=1)],
     ['seed 0', 'seed 1']),
    ([dict(config='a', options={'x.y': 1}), dict(config='a', options={'x.y': 2})],
     ['x.y=1', 'x.y=2']),
    ([dict(config='a', loss='W'), dict(config='a', loss='W')], ['a', 'a (2)']),
    # One of them has nothing to say where they differ.
    ([dict(config='a'), dict(config='a', seed=1)], ['a', 'seed 1']),
    ([{}, {}], ['the run', 'the run (2)'])])
def test_runs_are_called_by_what_they_differ_in(sources, labels):
    assert label_runs([make_run(**source) for source in sources]) == labels


@pytest.mark.parametrize('names', [['a'], ['a', 'a'], ['a', 'b', 'c']])
def test_names_that_do_not_do(names):
    runs = [make_run(config='x'), make_run(config='y')]
    assert label_runs(runs, ['one', 'two']) == ['one', 'two']
    with pytest.raises(ValueError, match='names must be 2 different names'):
        label_runs(runs, names)
