"""Left-right pairs pass; up-down pairs, wrong ones and none do not."""

import os
from pathlib import Path

import numpy as np
import pytest
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from mmwing.datasets.checks.geometry import check_geometry
from mmwing.datasets.face.painter import face_landmarks
from mmwing.datasets.formats.landmark_files import read_landmarks
from mmwing.datasets.formats.points_file import read_points_file
from mmwing.datasets.formats.problems import Kind
from mmwing.datasets.formats.records import LandmarkRecord

COUNT = 24
# A head in profile is unlike the others, and there are a few.
TURNED = {Kind.SHAPE}
RIGHT = np.array(parse_pose_metainfo(read_points_file('300w.py'))['flip_indices'])
# Landmarks of the 68, and pairs of them that exchange top and bottom.
SETS = {
    'all': (range(68), []),
    'eyes': (range(36, 48), [(37, 41), (38, 40), (43, 47), (44, 46)]),
    'brows and eyes': ([*range(17, 27), *range(36, 48)],
                       [(37, 41), (38, 40), (43, 47), (44, 46)]),
    'corners of eyes': ([36, 39, 42, 45], []),
    'one pair': ([36, 45], []),
    'eyes and mouth': ([36, 45, 48, 54], [(36, 48), (45, 54)]),
    'five': ([36, 45, 30, 48, 54], [(36, 48), (45, 54)]),
    'midline': ([27, 28, 29, 30, 33, 51, 62, 66, 57, 8], []),
}


@pytest.fixture(scope='module')
def faces():
    return np.stack([face_landmarks(3, index, 128) for index in range(COUNT)])


def turned(points, degrees):
    turn = np.exp(1j * np.radians(degrees))
    place = (points[..., 0] + 1j * points[..., 1]) * turn
    return np.stack([place.real, place.imag], -1) + 500


def findings(points, flips):
    records = [LandmarkRecord(f'{index}.png', face, np.ones(len(face)), f'face {index}',
                              index, index) for index, face in enumerate(points)]
    return check_geometry(records, points.shape[1], np.array(flips))


def kinds(points, flips):
    return {problem.kind for problem in findings(points, flips).problems}


def local(indices, pairs):
    """Flip indices of a set whose pairs are given as landmarks of the 68."""
    order = list(indices)
    flips = np.arange(len(order))
    for first, second in pairs:
        one, other = order.index(first), order.index(second)
        flips[[one, other]] = other, one
    return flips


def right(indices):
    return local(indices, {tuple(sorted((i, RIGHT[i]))) for i in indices
                           if RIGHT[i] != i})


@pytest.mark.parametrize('degrees', [0, 30, -30, 40, -40])
@pytest.mark.parametrize('name', SETS)
def test_right_pairs_pass_in_faces_that_all_lean(faces, name, degrees):
    indices, _ = SETS[name]
    points = turned(faces[:, list(indices)], degrees)
    found = findings(points, right(indices))
    assert {problem.kind for problem in found.problems} <= TURNED
    declared_none = check_geometry(
        [LandmarkRecord('a', face, np.ones(len(face)), 'a', 0, 0) for face in points],
        len(points[0]), None)
    assert set(declared_none.proposal) == {
        (i, j) for i, j in enumerate(right(indices)) if i < j}


@pytest.mark.parametrize('name', SETS)
def test_right_pairs_pass_in_faces_that_lean_each_its_way(faces, name):
    indices, _ = SETS[name]
    rolls = np.random.default_rng(3).uniform(-40, 40, COUNT)
    points = np.stack([turned(face, roll) for face, roll in
                       zip(faces[:, list(indices)], rolls, strict=True)])
    assert kinds(points, right(indices)) <= TURNED


@pytest.mark.parametrize('degrees', [0, 30, -30])
@pytest.mark.parametrize('name', [name for name, (_, pairs) in SETS.items() if pairs])
def test_pairs_that_exchange_top_and_bottom(faces, name, degrees):
    indices, pairs = SETS[name]
    found = findings(turned(faces[:, list(indices)], degrees), local(indices, pairs))
    wrong = [p for p in found.problems if p.kind is Kind.FLIP_PAIRS]
    assert wrong and all('exchange top and bottom' in p.detail for p in wrong)
    assert set(found.proposal) == {
        (i, j) for i, j in enumerate(right(indices)) if i < j}


@pytest.mark.parametrize('degrees', [0, 30, -30])
@pytest.mark.parametrize('name', [name for name in SETS if name != 'midline'])
def test_no_pairs_where_there_are_some(faces, name, degrees):
    indices, _ = SETS[name]
    points = turned(faces[:, list(indices)], degrees)
    found = findings(points, np.arange(len(indices)))
    wrong = {int(p.where.split()[-1]) for p in found.problems
             if p.kind is Kind.FLIP_PAIRS}
    assert wrong and all(right(indices)[point] != point for point in wrong)
    if len(indices) < 68:  # of 68, some lie as near the midline as its own points
        assert wrong == {i for i, j in enumerate(right(indices)) if i != j}


def test_pairs_of_points_on_the_midline(faces):
    indices, _ = SETS['midline']
    assert Kind.FLIP_PAIRS in kinds(faces[:, indices], local(indices, [(27, 8)]))
    assert Kind.FLIP_PAIRS in kinds(faces[:, [27, 8]], [1, 0])


@pytest.mark.parametrize(('one', 'other'), [(36, 39), (48, 54), (3, 4), (17, 21)])
def test_two_pairs_exchanged_among_right_ones(faces, one, other):
    flips = RIGHT.copy()
    first, second = RIGHT[one], RIGHT[other]
    if first == other:  # a pair torn apart
        flips[[one, other]] = one, other
    else:
        flips[[one, second, other, first]] = second, one, first, other
    points = {one, other, first, second}
    found = findings(faces, flips)
    wrong = {int(p.where.split()[-1]) for p in found.problems
             if p.kind is Kind.FLIP_PAIRS}
    assert wrong and wrong <= points


@pytest.mark.parametrize('count', [1, 3])
def test_few_faces_speak_against_pairs_that_fit_nothing(faces, count):
    for name in ('all', 'eyes', 'five', 'one pair'):
        indices, pairs = SETS[name]
        few = turned(faces[:count, list(indices)], 20)
        assert kinds(few, right(indices)) == set()
        for wrong in [np.arange(len(indices)), *([local(indices, pairs)] if pairs
                                                 else [])]:
            assert kinds(few, wrong) == {Kind.FLIP_PAIRS}


@pytest.mark.parametrize('name', ['all', 'eyes', 'five', 'one pair'])
def test_a_face_whose_left_and_right_changed_places(faces, name):
    indices, _ = SETS[name]
    points = faces[:, list(indices)].copy()
    points[3] = points[3][right(indices)]
    found = [(p.kind, p.where) for p in findings(points, right(indices)).problems]
    assert found == [(Kind.MIRRORED, 'face 3')]


def test_the_median_face_decides_where_few_are_turned_to_one_side(faces):
    """Ten faces turned the same way: no pairs fit, so none are accused."""
    points = np.stack([face_landmarks(4, index, 64) for index in range(10)])
    assert kinds(points, RIGHT) <= TURNED


FIXTURES = {'300w': '300w.py', '300wlp': '300w.py', 'wflw': 'wflw.py',
            'cofw': 'cofw.py', 'aflw': 'aflw.py', 'lapa': 'lapa.py'}


@pytest.mark.skipif('MMWING_FIXTURES' not in os.environ,
                    reason='MMWING_FIXTURES names no folder with real images')
@pytest.mark.parametrize('name', FIXTURES)
def test_real_faces_are_not_accused(name):
    path = Path(os.environ['MMWING_FIXTURES']) / name / f'test_{name}.json'
    flips = parse_pose_metainfo(read_points_file(FIXTURES[name]))['flip_indices']
    records = read_landmarks(path)
    for group in [records, *([record] for record in records)]:
        assert check_geometry(group, len(flips), np.array(flips)).problems == []


@pytest.mark.skipif('MMWING_300W' not in os.environ,
                    reason='MMWING_300W names no folder with 300-W')
@pytest.mark.parametrize('indices', [range(68), range(36, 48), [36, 45]],
                         ids=['all', 'eyes', 'one pair'])
def test_300w_is_not_accused(indices):
    root = Path(os.environ['MMWING_300W'])
    records = read_landmarks(root / 'annotations/face_landmarks_300w_valid.json')
    points = np.stack([record.keypoints for record in records])[:, list(indices)]
    found = [p.kind for p in findings(points, right(indices)).problems]
    assert set(found) <= TURNED and len(found) < 3
