from dataclasses import replace

import numpy as np
import pytest

from mmwing import evaluation
from mmwing.evaluation import Protocol, RunRecord
from mmwing.evaluation.functional import face_errors, point_errors
from mmwing.evaluation.layouts import LAYOUTS
from mmwing.evaluation.normalizers import lengths_of_faces


def summarize(faces, protocol):
    return evaluation.summarize(RunRecord.of_faces(faces, protocol), protocol)


def errors_of(faces, normalizer='inter_ocular'):
    return face_errors(point_errors(faces.pred, faces.gt, faces.visible),
                       lengths_of_faces(normalizer, faces))


def test_figures_by_name(make_faces):
    faces = make_faces(200)
    errors = errors_of(faces)
    usable = errors[~np.isnan(errors)]
    figures = summarize(faces, Protocol(
        thresholds=(0.08, 0.1), statistics=('median', 'p90', 'pooled')))
    assert figures['NME'] == pytest.approx(usable.mean())
    assert figures['FR@0.08'] == pytest.approx((usable > 0.08).mean())
    assert figures['NME_median'] == pytest.approx(np.median(usable))
    assert figures['NME_p90'] == pytest.approx(np.quantile(usable, 0.9))
    assert figures['num_faces'] == 200
    assert figures['num_unusable'] == np.isnan(errors).sum() > 0


def test_per_face_mean_and_pooled_mean_differ():
    """Worked by hand: errors 1 and 3 px on one face, 10 px on another, length 10."""
    from mmwing.evaluation import EvaluatedFaces
    gt = np.zeros((2, 4, 2))
    gt[:, 1] = [10, 0]
    pred = gt.copy()
    pred[0, 2], pred[0, 3], pred[1, 2] = [1, 0], [3, 0], [0, 10]
    faces = EvaluatedFaces(
        pred, gt, np.array([[1, 1, 1, 1], [1, 1, 1, 0]], bool),
        np.full((2, 4), np.nan), ['a', 'b'], ['', ''])
    figures = summarize(faces, Protocol(
        ('eyes',), keypoint_indices={'eyes': (0, 1)}, statistics=('pooled',)))
    assert figures['NME'] == pytest.approx((4 / 4 + 10 / 3) / 2 / 10)
    assert figures['NME_pooled'] == pytest.approx(14 / 7 / 10)


def test_several_normalizers_stand_in_the_keys(make_faces):
    faces = make_faces()
    names = ('inter_ocular', 'inter_pupil', 'box_longer_side', 'landmark_box_diagonal',
             'item:box_size')
    figures = summarize(faces, Protocol(names))
    for name in names:
        alone = summarize(faces, Protocol((name,)))
        assert figures[f'{name}/NME'] == alone['NME']
    assert len({figures[f'{name}/NME'] for name in names}) == len(names)


def test_subsets_are_evaluations_of_their_own(make_faces):
    faces = make_faces(60)
    figures = summarize(faces, Protocol(subsets='all'))
    errors = errors_of(faces)
    for name, members in faces.subsets.items():
        assert figures[f'{name}/NME'] == pytest.approx(np.nanmean(errors[members]))
        assert figures[f'{name}/num_faces'] == members.sum()
    assert summarize(faces, Protocol(subsets=('common',)))['common/NME'] == figures[
        'common/NME']


def test_groups_average_to_the_whole_when_all_is_annotated(make_faces):
    faces = make_faces()
    faces = replace(faces, visible=np.ones_like(faces.visible))
    figures = summarize(faces, Protocol(groups=True))
    groups = LAYOUTS[68].groups
    total = sum(figures[f'NME_{name}'] * len(group) for name, group in groups.items())
    assert total / 68 == pytest.approx(figures['NME'])


def test_landmarks_have_figures_of_their_own(make_faces):
    faces = make_faces(60)
    figures = summarize(faces, Protocol(landmarks=True, subsets=('common',)))
    length = np.linalg.norm(faces.gt[:, 36] - faces.gt[:, 45], axis=1)
    usable = (faces.visible[:, 36] & faces.visible[:, 45])
    for subset, members in (('', usable),
                            ('common/', usable & faces.subsets['common'])):
        for index in (0, 17, 67):
            kept = members & faces.visible[:, index]
            distance = np.linalg.norm(
                faces.pred[kept, index] - faces.gt[kept, index], axis=1)
            assert figures[f'{subset}NME_landmark_{index}'] == pytest.approx(
                (distance / length[kept]).mean())
    assert sum(key.startswith('NME_landmark_') for key in figures) == 68


def test_intervals_hold_the_figures(make_faces):
    figures = summarize(make_faces(100), Protocol(num_bootstrap=300, subsets='all'))
    for key in ('NME', 'FR@0.1', 'AUC@0.1', 'common/NME'):
        assert figures[f'{key}_low'] < figures[key] < figures[f'{key}_high']


def test_all_unusable_and_empty_subset(make_faces):
    faces = make_faces()
    with pytest.raises(ValueError, match='none of the 20 faces.*box_width'):
        summarize(replace(faces, boxes=np.zeros((20, 4))), Protocol(('box_width',)))
    with pytest.raises(ValueError, match="'pose' is empty.*common"):
        summarize(faces, Protocol(subsets=('pose',)))


@pytest.mark.parametrize(('arguments', 'message'), [
    ({'normalizers': ('bbox',)}, "unknown normalizer 'bbox'"),
    ({'normalizers': ()}, 'at least one normaliser'),
    ({'thresholds': (10, 0)}, 'thr must be positive'),
    ({'statistics': ('mode',)}, 'statistics must be some of'),
    ({'subsets': 'common'}, 'list of names'),
    ({'thresholds': ('0.1',)}, "thr must be positive.*'0.1'"),
    ({'thresholds': (0.1, 0.08, 0.1)}, 'thresholds must differ.*0.08'),
    ({'normalizers': ('box_width', 'box_width')}, 'normalizers must differ'),
    ({'normalizers': ('box_width',), 'keypoint_indices': {'box_width': (0, 1)}},
     "'box_width' is something else: call it inter_ocular"),
    ({'normalizers': ('box_size',)},
     "'box_size' does not say which length: write box_longer_side.*box_sqrt_area"),
    ({'normalizers': ('landmark_box_size',)}, 'write landmark_box_longer_side'),
    ({'normalizers': ('box_size',), 'keypoint_indices': {'box_size': (0, 1)}},
     "'box_size' is something else"),
    ({'normalizers': ('item:a',), 'keypoint_indices': {'item:a': (0, 1)}},
     "'item:a' is something else"),
    ({'statistics': [{'p90'}]}, "statistics must be some of.*'p90'"),
    ({'num_bootstrap': -1}, 'num_bootstrap must be a whole number.*-1'),
    ({'num_bootstrap': 1.5}, r'num_bootstrap must be a whole number.*1\.5'),
    ({'seed': '0'}, "seed must be a whole number in .*, got '0'")])
def test_bad_protocol(arguments, message):
    with pytest.raises(ValueError, match=message):
        Protocol(**arguments)


@pytest.mark.parametrize(('arguments', 'message'), [
    ({'normalizers': 'inter_ocular'}, "normalizers must be a list.*'inter_ocular'"),
    ({'thresholds': 0.08}, r'thresholds must be a list, such as \[0\.08\], got 0\.08'),
    ({'statistics': 'p90'}, "statistics must be a list.*'p90'"),
    ({'groups': 'no'}, "groups must be True or False, got 'no'"),
    ({'landmarks': 1}, 'landmarks must be True or False, got 1')])
def test_a_protocol_of_other_types(arguments, message):
    with pytest.raises(TypeError, match=message):
        Protocol(**arguments)


def test_a_record_of_faces_alone_has_no_figures_of_landmarks(make_faces):
    protocol = Protocol(num_bootstrap=5)
    record = RunRecord.of_faces(make_faces(), protocol)
    alone = evaluation.summarize(record.without_landmarks(), protocol)
    assert alone == evaluation.summarize(record, protocol)
    with pytest.raises(ValueError, match='holds errors of faces alone'):
        evaluation.summarize(record.without_landmarks(), Protocol(groups=True))


def test_normalizer_that_the_points_do_not_have(make_faces):
    with pytest.raises(ValueError, match='keypoint_indices='):
        summarize(make_faces(num_keypoints=17), Protocol())
    with pytest.raises(ValueError, match="no face brings an item 'age'"):
        summarize(make_faces(), Protocol(('item:age',)))
