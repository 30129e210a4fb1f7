"""Records as files: whole, read back as they were, refused by name."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from mmwing.evaluation import Protocol, Provenance, RunRecord, read_record, write_record
from mmwing.evaluation.run import Training
from mmwing.evaluation.run_file import read_nme


@pytest.fixture
def record(make_faces):
    faces = make_faces(9)
    faces.pred[2] = np.nan
    faces.visible[3] = False
    names = ['Infinity', 'NaN', '"null"', *faces.names[3:]]
    return replace(
        RunRecord.of_faces(
            replace(faces, names=names), Protocol(('inter_ocular', 'box_width')),
            [f'point {index}' for index in range(68)]),
        provenance=Provenance('my_config', 'WingLoss(omega=5)', seed=3, date='today',
                              options={'a.b': [1, 2]}, versions={'torch': '2'}),
        figures={'NME': float('inf'), 'NME_median': float('nan'), 'num_faces': 9},
        training=Training([{'epoch': 1, 'iter': 4, 'NME': float('nan')}], ['ab', None],
                          1e-3, 1, 0, 12.3, True))


def same(one, other, rtol=0.):
    """Whether two records are equal, arrays up to ``rtol``."""
    for name in ('errors', 'lengths', 'subsets'):
        ours, theirs = getattr(one, name), getattr(other, name)
        assert list(ours) == list(theirs)
        for key in ours:
            np.testing.assert_allclose(ours[key], theirs[key], rtol=rtol)
    if one.point_errors is None:
        assert other.point_errors is None
    else:
        np.testing.assert_allclose(one.point_errors, other.point_errors, rtol=rtol)
    assert list(one.names) == list(other.names)
    assert one.provenance == other.provenance
    assert repr(one.figures) == repr(other.figures)  # NaN is not equal to itself
    assert tuple(one.thresholds) == tuple(other.thresholds)
    assert tuple(one.landmark_names) == tuple(other.landmark_names)
    assert repr(asdict(one.training)) == repr(asdict(other.training))
    return True


def test_a_record_comes_back_to_six_digits_and_then_stays(record, tmp_path):
    write_record(record, tmp_path / 'run.json')
    once = read_record(tmp_path)  # a folder means the record in it
    assert same(record, once, rtol=1e-5)
    write_record(once, tmp_path / 'again.json')
    assert same(once, read_record(tmp_path / 'again.json'))
    assert (tmp_path / 'again.json').read_bytes() == (
        tmp_path / 'run.json').read_bytes()


def test_a_record_without_landmarks(record, tmp_path):
    write_record(record.without_landmarks(), tmp_path / 'run.json')
    assert same(record.without_landmarks(), read_record(tmp_path / 'run.json'),
                rtol=1e-5)


def test_the_file_is_strict_json_with_a_line_for_each_face(record, tmp_path):
    write_record(record, tmp_path / 'run.json')
    text = (tmp_path / 'run.json').read_text()

    def refuse(constant):
        raise AssertionError(constant)

    content = json.loads(text, parse_constant=refuse)
    assert content['names'][:3] == ['Infinity', 'NaN', '"null"']
    assert content['point_errors'][2][0] == 'inf'
    assert content['point_errors'][3][0] is None
    assert len(text.splitlines()) == len(content) + 2 + 9 + 1
    assert [path.name for path in tmp_path.iterdir()] == ['run.json']


def test_a_record_before_the_first_validation(tmp_path):
    write_record(RunRecord((), {}, (), training=Training(cpu_seconds=2.)),
                 tmp_path / 'run.json')
    found = read_record(tmp_path)
    assert len(found) == 0 and found.training.cpu_seconds == 2


def test_what_a_later_version_adds_is_passed_over(record, tmp_path):
    write_record(record, tmp_path / 'run.json')
    content = json.loads((tmp_path / 'run.json').read_text())
    content['provenance']['weather'] = content['training']['weather'] = 'fine'
    (tmp_path / 'run.json').write_text(json.dumps(content))
    assert read_record(tmp_path).provenance == record.provenance


@pytest.mark.parametrize(('change', 'message'), [
    (lambda c: c.update(format='mmwing run 9'), "format is 'mmwing run 9'"),
    (lambda c: c.pop('format'), 'not the record of a run'),
    (lambda c: c.pop('names'), 'incomplete or damaged'),
    (lambda c: c['names'].pop(), 'incomplete or damaged|names and|cannot reshape'),
    (lambda c: c['lengths'].pop('box_width'), 'incomplete or damaged'),
    (lambda c: c['point_errors'][0].pop(), 'inhomogeneous|damaged'),
    (lambda c: c['lengths'].update(box_width=['x'] * 9), 'x'),
    (lambda c: c['subsets'].update(common=[9]), 'incomplete or damaged'),
    (lambda c: c.update(provenance=[]), 'incomplete or damaged')])
def test_a_damaged_record_is_named(record, change, message, tmp_path):
    write_record(record, tmp_path / 'run.json')
    content = json.loads((tmp_path / 'run.json').read_text())
    change(content)
    (tmp_path / 'run.json').write_text(json.dumps(content))
    with pytest.raises(ValueError, match=f'run.json: .*({message})'):
        read_record(tmp_path)


def test_half_a_file_and_none(tmp_path):
    (tmp_path / 'run.json').write_text('{"format": "mmwing')
    with pytest.raises(ValueError, match='run.json is not valid JSON'):
        read_record(tmp_path)
    with pytest.raises(FileNotFoundError, match='nowhere does not exist.*--report'):
        read_record(tmp_path / 'nowhere')
    (tmp_path / 'run.json').unlink()
    with pytest.raises(FileNotFoundError, match='holds no record.*--report'):
        read_record(tmp_path)


def test_a_report_of_an_earlier_version_is_called_so(tmp_path):
    (tmp_path / 'metrics.json').write_text('{}')
    with pytest.raises(ValueError, match='of an earlier version of mmwing'):
        read_record(tmp_path)


def test_nme_of_a_model(record, tmp_path):
    usable = record.of_subset(np.array([0, 1, 4]))
    write_record(usable, tmp_path / 'run.json')
    expected = np.nanmean(usable.errors_by())
    assert read_nme(tmp_path) == pytest.approx(expected, rel=1e-5)
    assert read_nme(tmp_path / 'run.json') == read_nme(tmp_path)
    flat = tmp_path / 'flat.json'  # of tools/test.py --out
    flat.write_text(json.dumps({'NME': 0.05}))
    assert read_nme(flat) == 0.05 and read_nme('0.06') == 0.06
    for text in ('{"AUC": 0.05}', '[]'):
        flat.write_text(text)
        with pytest.raises(ValueError, match='names no NME'):
            read_nme(flat)
    with pytest.raises(FileNotFoundError, match='nowhere'):
        read_nme('nowhere')
    with pytest.raises(ValueError, match='fraction'):
        read_nme('4.5')
