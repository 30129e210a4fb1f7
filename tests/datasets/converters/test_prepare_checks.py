"""``prepare`` finds what ``mmwing check`` finds, and names where it stands."""

import json
import re
import shutil

import cv2
import numpy as np
import pytest
from miniature import landmarks, picture, save, wflw_line, write_pts

from mmwing.datasets.checks import check_landmarks
from mmwing.datasets.converters import BrokenDataError, Kind, prepare
from mmwing.datasets.face import SyntheticFaceDataset

MODES = pytest.mark.parametrize('options', [{}, {'images': 'crop', 'crop': 2.0}],
                                ids=['copy', 'crop'])


def shifted(root, *offset):
    points = landmarks(5, 1)
    points[3] = offset
    write_pts(root / 'night/1.pts', points)


# What is done to three faces -> what is found, and how many faces are left.
FAULTS = {
    'a point beyond the border': (lambda root: shifted(root, 60, -9),
                                  Kind.POINTS_OUTSIDE, 'point 3 beyond 120x90', 3),
    'a point far away': (lambda root: shifted(root, 60, 400), Kind.OUTSIDE,
                         'point 3 more than an image away', 2),
    'a number gone wrong': (lambda root: shifted(root, 60, 1e20), Kind.OUTSIDE,
                            r'point 3 at 1e\+20', 2),
    'fractions': (lambda root: write_pts(root / 'night/1.pts', landmarks(5, 1) / 120),
                  Kind.RANGE, 'pixels are needed', 2),
    'a blank image': (lambda root: save(root / 'night/1.png',
                                        np.full((90, 120, 3), 128, np.uint8)),
                      Kind.BLANK, 'one colour all over', 3),
}


@MODES
@pytest.mark.parametrize(('spoil', 'kind', 'detail', 'left'), FAULTS.values(),
                         ids=FAULTS)
def test_faults_of_a_face(make, tmp_path, options, spoil, kind, detail, left):
    archive = make('pts')
    spoil(archive.root)
    report = prepare('pts', archive.root, tmp_path / 'out', **options)
    problem, = report.problems
    assert (problem.kind, problem.where) == (kind, 'night/1.pts')
    assert re.search(detail, problem.detail)
    assert report.splits['all'].faces == left
    assert report.broken is (left == 2)
    # Done images are not skipped by the checks.
    again = prepare('pts', archive.root, tmp_path / 'out', **options)
    assert again.problems == report.problems


def test_strict_stops_at_what_is_left_out_alone(make, tmp_path):
    archive = make('pts')
    shifted(archive.root, 60, -9)
    report = prepare('pts', archive.root, tmp_path / 'out', strict=True)
    assert report.counts() == {Kind.POINTS_OUTSIDE: 1}
    shifted(archive.root, 60, 400)
    with pytest.raises(BrokenDataError, match='night/1.pts: point 3'):
        prepare('pts', archive.root, tmp_path / 'other', strict=True)


@MODES
def test_boxes_and_repeated_faces_of_wflw(make, tmp_path, options):
    archive = make('wflw')
    path = next(archive.root.rglob('*_attr_test.txt'))
    lines = path.read_text().splitlines()
    name = '1--Handshaking/1_Hand_3.png'
    points = landmarks(98, 3)
    lines += [wflw_line(points + 0.4, (30, 20, 90, 70), [0] * 6, name),
              wflw_line(landmarks(98, 1) + 5, (1, 1, 20, 20), [0] * 6,
                        '0--Parade/0_Parade_1.png')]
    path.write_text('\n'.join(lines) + '\n')
    report = prepare('wflw', archive.root, tmp_path / 'out', **options)
    found = {problem.kind: problem for problem in report.problems}
    assert found.keys() == {Kind.PARTIAL, Kind.DUPLICATE, Kind.BOX}
    assert found[Kind.DUPLICATE].where.endswith('test.txt:4')
    assert 'nearly the same points as' in found[Kind.DUPLICATE].detail
    assert found[Kind.BOX].where.endswith('test.txt:5')
    assert '0 % of the points lie in bbox' in found[Kind.BOX].detail
    assert report.splits['test'].faces == 5 and not report.broken


def test_the_same_image_twice(make, tmp_path):
    archive = make('300w')
    shutil.rmtree(archive.root / '300W')
    # In one file, with other landmarks; and in training and test.
    shutil.copy(archive.root / 'afw/image 0.png', archive.root / 'afw/copy.png')
    write_pts(archive.root / 'afw/copy.pts', landmarks(68, 50))
    for suffix in ('.png', '.pts'):
        shutil.copy(archive.root / f'helen/trainset/image 1{suffix}',
                    archive.root / f'helen/testset/other{suffix}')
    report = prepare('300w', archive.root, tmp_path / 'out')
    found = {p.kind: p for p in report.problems if p.kind is not Kind.PARTIAL}
    assert found.keys() == {Kind.DUPLICATE, Kind.LEAK}
    assert found[Kind.DUPLICATE].where == 'afw/image 0.png'
    assert 'same file as afw/copy.png' in found[Kind.DUPLICATE].detail
    assert found[Kind.LEAK].where.endswith('valid.json, helen/testset/other.png')
    assert report.splits['train'].faces == 4 and not report.broken


def painted_300w(root, order):
    painted = SyntheticFaceDataset(10, seed=4, image_size=64)
    for index in range(10):
        info = painted[index]
        (root / 'afw').mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(root / f'afw/{index}.png'), info['img'])
        write_pts(root / f'afw/{index}.pts', info['keypoints'][0].astype(float)[order])


def test_landmarks_in_another_order(tmp_path):
    painted_300w(tmp_path / 'good', np.arange(68))
    painted_300w(tmp_path / 'bad', np.roll(np.arange(68), 5))
    kinds = set(prepare('300w', tmp_path / 'good', tmp_path / 'out').counts())
    assert kinds == {Kind.PARTIAL}
    report = prepare('300w', tmp_path / 'bad', tmp_path / 'other')
    assert report.broken and Kind.FLIP_PAIRS in report.counts()
    assert any(problem.where.startswith('landmarks of 300-W, point')
               for problem in report.problems)


def test_check_finds_the_same_in_what_was_written(make, tmp_path):
    archive = make('wflw')
    path = next(archive.root.rglob('*_attr_train.txt'))
    save(path.parents[2] / 'WFLW_images/x.png', np.full((90, 120, 3), 7, np.uint8))
    save(path.parents[2] / 'WFLW_images/y.png', picture(landmarks(98, 0)))
    outside = landmarks(98, 5)
    outside[7] = 121, 50
    path.write_text(path.read_text() + ''.join(
        wflw_line(points, (30, 20, 90, 70), [0] * 6, name) + '\n'
        for points, name in ((landmarks(98, 4), 'x.png'), (outside, 'y.png'))))
    out = tmp_path / 'out'
    report = prepare('wflw', archive.root, out)
    found = {p.kind for p in report.problems} - {Kind.PARTIAL}
    checked = check_landmarks(sorted((out / 'annotations').iterdir()), out / 'images')
    assert found == {p.kind for p in checked.problems} == {
        Kind.BLANK, Kind.POINTS_OUTSIDE, Kind.DUPLICATE}
    written = json.loads((out / 'prepare_report.json').read_text())
    assert written['problem_counts'].keys() >= {kind.value for kind in found}
