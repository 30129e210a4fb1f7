"""Every broken thing is listed and left out; ``strict`` stops at the first."""

import json
import shutil

import h5py
import numpy as np
import pytest
import scipy.io
from miniature import landmarks, picture, save, wflw_line, write_pts
from PIL import Image

from mmwing.datasets.converters import ArchiveError, BrokenDataError, Kind, prepare


def truncate(path):
    data = path.read_bytes()
    path.write_bytes(data[:len(data) // 2])


def nan_in_the_file(root):
    points = landmarks(5, 1)
    points[3, 0] = np.nan
    write_pts(root / 'night/1.pts', points)


def flat(root):
    write_pts(root / 'night/1.pts', np.array([[30., 40 + k] for k in range(5)]))


def exif(root):
    image = Image.open(root / 'night/1.png')
    tags = image.getexif()
    tags[0x0112] = 6
    image.save(root / 'night/1.png', exif=tags)


# What is done to the archive of three 5-point faces -> the kind it counts as.
DAMAGE = {
    'no image': (lambda root: (root / 'night/1.png').unlink(), Kind.MISSING_IMAGE),
    'cut image': (lambda root: truncate(root / 'night/1.png'), Kind.UNREADABLE_IMAGE),
    'no picture at all': (lambda root: (root / 'night/1.png').write_text('<html>'),
                          Kind.UNREADABLE_IMAGE),
    'empty image': (lambda root: (root / 'night/1.png').write_bytes(b''),
                    Kind.UNREADABLE_IMAGE),
    'cut annotation': (lambda root: truncate(root / 'night/1.pts'),
                       Kind.UNREADABLE_ANNOTATION),
    'points missing': (lambda root: write_pts(root / 'night/1.pts', landmarks(4, 1)),
                       Kind.POINT_COUNT),
    'header lies': (lambda root: (root / 'night/1.pts').write_text(
        (root / 'night/1.pts').read_text().replace('5', '6', 1)), Kind.POINT_COUNT),
    'NaN': (nan_in_the_file, Kind.NOT_FINITE),
    'no area': (flat, Kind.EMPTY_BOX),
    'far outside': (lambda root: write_pts(root / 'night/1.pts',
                                           landmarks(5, 1) + 1000), Kind.OUTSIDE),
    'absurd': (lambda root: write_pts(
        root / 'night/1.pts', np.array([[1, 1], [2, 9], [3, 5], [4, 4], [1e9, 1e9]])),
        Kind.OUTSIDE),
}


@pytest.mark.parametrize('crop', [None, 2.0])
@pytest.mark.parametrize('damage, kind', DAMAGE.values(), ids=DAMAGE)
def test_the_broken_face_is_listed_and_left_out(make, tmp_path, damage, kind, crop):
    archive = make('pts')
    damage(archive.root)
    out = tmp_path / 'out'

    report = prepare('pts', archive.root, out, crop=crop,
                     images='crop' if crop else 'copy')

    assert report.counts() == {kind: 1}
    assert report.problems[0].where == 'night/1.pts'
    assert report.splits['all'].faces == 2
    assert kind.value in str(report)
    written = json.loads((out / 'prepare_report.json').read_text())
    assert written['problem_counts'] == {kind.value: 1}


@pytest.mark.parametrize('damage, kind', DAMAGE.values(), ids=DAMAGE)
def test_strict_stops_and_writes_no_annotations(make, tmp_path, damage, kind):
    archive = make('pts')
    damage(archive.root)
    with pytest.raises(BrokenDataError, match=kind.value):
        prepare('pts', archive.root, tmp_path / 'out', strict=True)
    assert not (tmp_path / 'out/annotations').exists()


def test_strict_passes_what_is_sound(make, tmp_path):
    report = prepare('pts', make('pts').root, tmp_path / 'out', strict=True)
    assert report.problems == []


def test_an_image_that_opencv_would_turn_is_noted_and_kept(make, tmp_path):
    archive = make('pts')
    exif(archive.root)
    report = prepare('pts', archive.root, tmp_path / 'whole')
    assert report.counts() == {Kind.EXIF: 1}
    assert report.splits['all'].faces == 3
    again = prepare('pts', archive.root, tmp_path / 'whole')
    assert again.counts() == {Kind.EXIF: 1}
    crops = prepare('pts', archive.root, tmp_path / 'crop', images='crop', crop=2.0)
    assert crops.problems == []


def test_the_same_face_twice(make, tmp_path):
    archive = make('wflw')
    path = next(archive.root.rglob('*_attr_test.txt'))
    lines = path.read_text().splitlines()
    path.write_text('\n'.join([*lines, lines[0]]))
    report = prepare('wflw', archive.root, tmp_path / 'out')
    assert report.counts()[Kind.DUPLICATE] == 1
    duplicate = next(p for p in report.problems if p.kind is Kind.DUPLICATE)
    assert duplicate.where.endswith('test.txt:4')
    assert duplicate.detail.endswith('test.txt:1')
    assert report.splits['test'].faces == 3


def test_two_images_for_one_place(make, tmp_path):
    """A second copy of a data set whose image and landmarks differ from the first."""
    archive = make('300w')
    points = landmarks(68, 77)
    save(archive.root / 'old/afw/image 0.png', picture(points))
    write_pts(archive.root / 'old/afw/image 0.pts', points)
    report = prepare('300w', archive.root, tmp_path / 'out')
    problem, = (p for p in report.problems if p.kind is Kind.DUPLICATE)
    assert problem.where == 'old/afw/image 0.pts'
    assert 'take the place of that of afw/image 0.pts' in problem.detail
    assert report.splits['train'].faces == 3


@pytest.mark.parametrize('line, kind', [
    (wflw_line(landmarks(97, 0), (1, 1, 9, 9), [0] * 6, 'x.png'), Kind.POINT_COUNT),
    (wflw_line(landmarks(98, 0), (1, 1, 9, 9), [0, 0, 7, 0, 0, 0], 'x.png'),
     Kind.UNREADABLE_ANNOTATION),
    (wflw_line(landmarks(98, 0), (1, 1, 9, 'x'), [0] * 6, 'x.png'),
     Kind.UNREADABLE_ANNOTATION),
    (wflw_line(landmarks(98, 0), (9, 1, 9, 9), [0] * 6, 'x.png'), Kind.EMPTY_BOX),
    (wflw_line(landmarks(98, 0), (1, 1, 'nan', 9), [0] * 6, 'x.png'),
     Kind.NOT_FINITE),
])
def test_broken_lines_of_wflw(make, tmp_path, line, kind):
    archive = make('wflw')
    path = next(archive.root.rglob('*_attr_train.txt'))
    path.write_text(path.read_text() + line + '\n')
    report = prepare('wflw', archive.root, tmp_path / 'out')
    assert report.counts()[kind] == 1
    assert any(p.where.endswith('train.txt:2') for p in report.problems)
    assert report.splits['train'].faces == 1


def test_a_video_that_ends_early(make, tmp_path):
    archive = make('300vw')
    write_pts(archive.root / '114/annot/000009.pts', landmarks(68, 9))
    report = prepare('300vw', archive.root, tmp_path / 'out')
    problem = next(p for p in report.problems if p.kind is Kind.UNREADABLE_IMAGE)
    assert problem.where == '114/annot/000009.pts'
    assert 'ends before frame 9' in problem.detail
    assert report.splits['test'].faces == 2


def test_folders_that_do_not_belong(make, tmp_path):
    archive = make('300w')
    save(archive.root / 'selfies/me.png', picture(landmarks(68, 0)))
    write_pts(archive.root / 'selfies/me.pts', landmarks(68, 0))
    report = prepare('300w', archive.root, tmp_path / 'out')
    assert [p.where for p in report.problems if p.kind is Kind.FOREIGN] == [
        'selfies/me.pts']


def test_detector_boxes_that_cannot_be_read_do_not_stop_300w(make, tmp_path):
    archive = make('300w')
    truncate(next(archive.root.rglob('bounding_boxes_ibug.mat')))
    report = prepare('300w', archive.root, tmp_path / 'out')
    assert report.counts()[Kind.UNREADABLE_ANNOTATION] == 1
    assert report.splits['valid'].faces == 3


def test_partial_archives_are_counted(make, tmp_path):
    archive = make('aflw')
    report = prepare('aflw', archive.root, tmp_path / 'out')
    assert report.problems == []  # the test makes five faces the whole data set
    archive = make('wflw')
    report = prepare('wflw', archive.root, tmp_path / 'other')
    assert [p.detail for p in report.problems] == [
        '1 of 7500 faces are annotated here', '3 of 2500 faces are annotated here']
    with pytest.raises(BrokenDataError, match='1 of 7500'):
        prepare('wflw', archive.root, tmp_path / 'strict', strict=True)
    assert not (tmp_path / 'strict').exists()


def test_lists_without_their_images(make, tmp_path):
    for name, folder, message in [('wflw', 'WFLW/WFLW_images', 'unpack WFLW_images'),
                                  ('aflw', 'aflw', 'aflw-images')]:
        archive = make(name)
        shutil.rmtree(archive.root / folder)
        with pytest.raises(ArchiveError, match=f'partial archive.*{message}'):
            prepare(name, archive.root, tmp_path / name)
        assert not (tmp_path / name).exists()


@pytest.mark.parametrize('damage', [
    lambda path: truncate(path),
    lambda path: path.write_text('404 not found'),
    lambda path: scipy.io.savemat(path, {'IsTr': 1}),
])
def test_cofw_files_that_are_not_v73(make, tmp_path, damage):
    archive = make('cofw')
    damage(archive.root / 'COFW_train_color.mat')
    with pytest.raises(ArchiveError, match='no MATLAB v7.3 file'):
        prepare('cofw', archive.root, tmp_path / 'out')
    assert not (tmp_path / 'out').exists()


def test_cofw_without_a_variable(make, tmp_path):
    archive = make('cofw')
    with h5py.File(archive.root / 'COFW_test_color.mat', 'a') as mat:
        del mat['phisT']
    with pytest.raises(ArchiveError, match='no variable phisT; it has .*IsT'):
        prepare('cofw', archive.root, tmp_path / 'out')


@pytest.mark.parametrize('change, message', [
    ({'ra': np.array([[1, 2, 2, 4, 5]])}, 'ra is not a permutation of 1 to 5'),
    ({'bbox': np.ones((4, 4))}, r'bbox has shape \(4, 4\), expected \(5, 4\)'),
    ({'data': np.ones((5, 42))}, 'data has shape'),
])
def test_aflw_info_that_does_not_fit(make, tmp_path, change, message):
    archive = make('aflw')
    path = archive.root / 'AFLWinfo_release.mat'
    info = {k: v for k, v in scipy.io.loadmat(path).items() if not k.startswith('_')}
    scipy.io.savemat(path, {**info, **change})
    with pytest.raises(ArchiveError, match=message):
        prepare('aflw', archive.root, tmp_path / 'out')


def test_no_usable_face_leaves_only_the_report(make, tmp_path):
    archive = make('pts')
    for path in archive.root.rglob('*.png'):
        path.unlink()
    with pytest.raises(ArchiveError, match='no face that can be used.*missing image'):
        prepare('pts', archive.root, tmp_path / 'out')
    assert [p.name for p in (tmp_path / 'out').iterdir()] == ['prepare_report.json']
