"""Each planted fault is found and named, and sound data is not accused."""

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from programs import run_program

from mmwing.datasets.checks import check_landmarks, draw_check_sheet
from mmwing.datasets.face.synthetic_face_dataset import SyntheticFaceDataset
from mmwing.datasets.formats.problems import Kind

COUNT, SIZE = 14, 96
POINTS = {'num_points': 5, 'flip_pairs': [[0, 1], [3, 4]]}
# Eyes, nose tip, mouth corners of the 68.
FIVE = [36, 45, 30, 48, 54]


@pytest.fixture(scope='session')
def faces():
    # A seed of which no face is far from the others.
    dataset = SyntheticFaceDataset(COUNT, seed=6, image_size=SIZE)
    infos = [dataset[index] for index in range(COUNT)]
    return ([info['img'] for info in infos],
            [info['keypoints'][0, FIVE].astype(float) for info in infos])


@pytest.fixture
def data(tmp_path, faces):
    """Folder with images, and content of an annotation file to be spoilt."""
    images, points = faces
    for index, image in enumerate(images):
        cv2.imwrite(str(tmp_path / f'{index}.png'), image)
    (tmp_path / 'points.yaml').write_text(yaml.dump(POINTS))
    return tmp_path, {
        'images': [{'id': i, 'file_name': f'{i}.png', 'width': SIZE, 'height': SIZE}
                   for i in range(COUNT)],
        'annotations': [
            {'id': i, 'image_id': i,
             'keypoints': np.insert(face, 2, 2, axis=1).ravel().tolist(),
             'bbox': [*face.min(0).tolist(), *np.ptp(face, axis=0).tolist()]}
            for i, face in enumerate(points)]}


def check(data, **kwargs):
    folder, content = data
    (folder / 'a.json').write_text(json.dumps(content))
    return check_landmarks([folder / 'a.json'], points_file='points.yaml', **kwargs)


def found(report):
    return [(problem.kind, problem.where.split('a.json, ')[-1])
            for problem in report.problems]


def test_sound_data_is_not_accused(data):
    report = check(data)
    assert report.problems == [] and not report.broken
    assert f'{COUNT} faces in {COUNT} images, 5 points' in report.text()
    assert 'nothing is broken' in report.text() and report.proposal is None


def set_point(index, x, y, visibility=2):
    def spoil(folder, content):
        content['annotations'][3]['keypoints'][3 * index:3 * index + 3] = [
            x, y, visibility]
    return spoil


def set_box(*box):
    def spoil(folder, content):
        content['annotations'][3]['bbox'] = list(box)
    return spoil


def exchange_left_and_right(folder, content):
    points = np.reshape(content['annotations'][3]['keypoints'], (5, 3))
    content['annotations'][3]['keypoints'] = points[[1, 0, 2, 4, 3]].ravel().tolist()


def cut_image(folder, content):
    data = (folder / '3.png').read_bytes()
    (folder / '3.png').write_bytes(data[:len(data) // 2])


def scale_points(factor):
    def spoil(folder, content):
        annotation = content['annotations'][3]
        points = np.reshape(annotation['keypoints'], (5, 3))
        points[:, :2] = points[:, :2] * factor
        annotation['keypoints'] = points.ravel().tolist()
        del annotation['bbox']
    return spoil


HERE = 'annotations[3] (id 3, 3.png)'


@pytest.mark.parametrize(('spoil', 'kind', 'broken', 'detail'), [
    (lambda f, c: os.remove(f / '3.png'), Kind.MISSING_IMAGE, True, r'3\.png'),
    (cut_image, Kind.UNREADABLE_IMAGE, True, r'3\.png'),
    (lambda f, c: (f / '3.png').write_text('html'), Kind.UNREADABLE_IMAGE, True,
     'cannot be decoded: it is not an image'),
    (lambda f, c: c['annotations'][3]['keypoints'].extend([1, 1, 1]),
     Kind.POINT_COUNT, True, '6 points, expected 5'),
    (set_point(2, float('nan'), 4), Kind.NOT_FINITE, False, 'point 2: taken as not'),
    (set_point(2, 40, SIZE + 3), Kind.POINTS_OUTSIDE, False, 'point 2 beyond 96x96'),
    (set_point(2, 0, 0), Kind.POINTS_OUTSIDE, False, r'point 2 at exactly \(0, 0\)'),
    (set_point(2, 45, 50, 0.3), Kind.RANGE, True, 'must be 0, 1 or 2, found 0.3'),
    (scale_points(1 / SIZE), Kind.RANGE, True, 'pixels are needed'),
    (scale_points(20), Kind.OUTSIDE, True, 'no point lies in the image'),
    (scale_points(0), Kind.EMPTY_BOX, True, 'all points are in one place'),
    (set_box(5, 5, 0, 9), Kind.EMPTY_BOX, True, 'bbox is 0 x 9'),
    (set_box(80, 80, 10, 10), Kind.BOX, False, '0 % of the points lie in'),
    (set_box(-200, -200, 500, 500), Kind.BOX, False, 'times as long'),
    (set_point(2, 1e20, 4), Kind.OUTSIDE, True, r'point 2 at 1e\+20'),
    (set_point(2, 45, SIZE * 3), Kind.OUTSIDE, True, 'point 2 more than an image away'),
    (lambda f, c: cv2.imwrite(str(f / '3.png'), np.full((SIZE, SIZE), 9, np.uint8)),
     Kind.BLANK, False, 'one colour all over'),
    (lambda f, c: c['images'][3].update(width=50), Kind.RANGE, True,
     '50x96 pixels, the image has 96x96'),
    (exchange_left_and_right, Kind.MIRRORED, False, 'left and right exchanged')])
def test_spoilt_face_is_named(data, spoil, kind, broken, detail):
    spoil(*data)
    report = check(data)
    assert (kind, HERE) in found(report)
    assert {where for _, where in found(report)} == {HERE}
    assert report.broken is broken
    import re
    assert re.search(rf'annotations\[3\].*{detail}', report.text())


def test_point_far_from_its_place_is_named(data):
    set_point(2, 95, 95)(*data)
    del data[1]['annotations'][3]['bbox']
    assert (Kind.SHAPE, HERE) in found(check(data))


def test_unannotated_points_are_no_fault(data):
    for index in range(5):
        set_point(index, 0, 0, 0)(*data) if index else None
    assert check(data).problems == []
    set_point(0, 0, 0, 0)(*data)
    assert found(check(data)) == [(Kind.NO_POINTS, HERE)]


def test_unreadable_entries_do_not_hide_the_others(data):
    data[1]['annotations'][2]['image_id'] = 'x'
    os.remove(data[0] / '3.png')
    assert [kind for kind, _ in found(check(data))] == [
        Kind.UNREADABLE_ANNOTATION, Kind.MISSING_IMAGE]


def test_all_visibilities_that_are_none_are_listed_once(data):
    for index, flag in ((2, 3), (5, -1)):
        data[1]['annotations'][index]['keypoints'][2] = flag
    assert found(check(data)) == [
        (Kind.RANGE, f'annotations[{index}] (id {index}, {index}.png)')
        for index in (2, 5)]


def test_duplicates(data):
    folder, content = data
    content['annotations'].append({**content['annotations'][3], 'id': 99})
    (folder / '5.png').write_bytes((folder / '4.png').read_bytes())
    assert found(check(data)) == [
        (Kind.DUPLICATE, f'annotations[{COUNT}] (id 99, 3.png)'),
        (Kind.DUPLICATE, str(folder / '5.png'))]


def test_repeated_faces(data):
    folder, content = data
    bbox = content['annotations'][3]['bbox']
    again = np.reshape(content['annotations'][3]['keypoints'], (5, 3)) + (0.5, 0.5, 0)
    content['annotations'] += [
        {**content['annotations'][3], 'id': 98, 'keypoints': again.ravel().tolist(),
         'bbox': [*np.add(bbox[:2], 0.5).tolist(), *bbox[2:]]},
        {**content['annotations'][4], 'id': 99, 'image_id': 5}]
    report = check(data)
    assert found(report) == [
        (Kind.DUPLICATE, f'annotations[{COUNT}] (id 98, 3.png)'),
        (Kind.DUPLICATE, f'annotations[{COUNT + 1}] (id 99, 5.png)')]
    assert 'nearly the same points as' in report.problems[0].detail
    assert 'in another image' in report.problems[1].detail


def test_crowds_are_counted_and_not_checked(data):
    for index in (2, 3):
        data[1]['annotations'][index]['iscrowd'] = 1
    set_point(2, 1e20, 4)(*data)
    report = check(data)
    problem, = report.problems
    assert problem.kind is Kind.CROWD and not report.broken
    assert problem.where.endswith('a.json')
    assert '2 annotations have iscrowd set' in problem.detail
    assert 'annotations[2] (id 2, 2.png)' in problem.detail
    assert f'{COUNT - 2} faces' in report.text()


def test_boxes_given_by_corners(data):
    for annotation in data[1]['annotations']:
        x, y, width, height = annotation['bbox']
        annotation['bbox'] = [x, y, x + width, y + height]
    report = check(data)
    problem, = [p for p in report.problems if p.kind is Kind.CORNER_BOX]
    assert problem.where.endswith('a.json') and report.broken


def test_image_of_two_files_is_a_leak(data):
    folder, content = data
    (folder / 'train.json').write_text(json.dumps(content))
    (folder / 'copy.png').write_bytes((folder / '6.png').read_bytes())
    content['images'] = [{**content['images'][6], 'file_name': 'copy.png'}]
    content['annotations'] = content['annotations'][6:7]
    (folder / 'val.json').write_text(json.dumps(content))
    report = check_landmarks([folder / 'train.json', folder / 'val.json'])
    assert [problem.kind for problem in report.problems] == [Kind.LEAK]
    assert 'val.json' in report.problems[0].where
    assert 'train.json' in report.problems[0].detail


@pytest.mark.parametrize('pairs', [[[0, 3], [1, 4]], [], [[0, 1]], [[0, 4], [3, 1]]])
def test_wrong_flip_pairs_are_found_and_right_ones_proposed(data, pairs):
    (data[0] / 'points.yaml').write_text(yaml.dump({**POINTS, 'flip_pairs': pairs}))
    report = check(data)
    assert report.broken
    wrong = {point for point, other in enumerate([1, 0, 2, 4, 3])
             if [point, other] not in pairs and [other, point] not in pairs
             and other != point}
    assert {int(p.where.split()[-1]) for p in report.problems
            if p.kind is Kind.FLIP_PAIRS} == wrong
    assert 'flip_pairs: [[0, 1], [3, 4]]' in report.text()


def test_pairs_are_proposed_without_a_points_file(data):
    check(data)
    report = check_landmarks([data[0] / 'a.json'])
    assert report.proposal == [(0, 1), (3, 4)] and not report.broken
    assert report.num_points == 5


def test_turned_by_exif(data):
    from PIL import Image
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new('RGB', (SIZE, SIZE // 2)).save(data[0] / '3.png', exif=exif)
    report = check(data)
    assert (Kind.EXIF, HERE) in found(report)
    # OpenCV makes a high image of it.
    assert any('the image has 48x96' in problem.detail for problem in report.problems)


def test_images_may_be_left_alone(data):
    os.remove(data[0] / '3.png')
    assert check(data, read_images=False).problems == []


def test_offenders_come_first_on_the_sheet(data):
    set_point(2, 95, 95)(*data)
    report = check(data)
    sheet = draw_check_sheet(report, num=2)
    sound = draw_check_sheet(check_landmarks([data[0] / 'a.json'], num_points=5), 0)
    assert sheet.shape == (sound.shape[0], 3 * sound.shape[1], 3)
    captions = sheet[-28:].astype(int)
    warns = [(captions[:, i * 560:(i + 1) * 560, 2]
              - captions[:, i * 560:(i + 1) * 560, 0]).max() > 100 for i in range(3)]
    assert warns == [False, True, False]


def test_sheet_without_any_readable_image(data):
    for path in data[0].glob('*.png'):
        path.write_bytes(b'')
    assert draw_check_sheet(check(data)).shape == (560, 560, 3)


@pytest.mark.parametrize(('paths', 'arguments', 'message'), [
    ([], {}, 'paths is empty'),
    (['a.json'], {'points_file': 'points.yaml', 'num_points': 6},
     'num_points is 6, but the points file points.yaml describes 5'),
    (['a.json'], {'num_points': 0}, 'num_points must be a whole number of at least 1'),
    (['a.json'], {'num_points': -3}, 'num_points must .* got -3'),
    (['a.json'], {'jobs': 0}, 'jobs must be a whole number of at least 1, got 0'),
    (['a.json'], {'jobs': -1}, 'jobs must')])
def test_bad_arguments(data, paths, arguments, message):
    check(data)
    with pytest.raises(ValueError, match=message):
        check_landmarks([data[0] / path for path in paths], **arguments)


def test_tool(data):
    folder, content = data
    os.remove(folder / '3.png')
    # OpenCV cannot write this name into the sheet, and it is no UTF-8.
    name = os.fsdecode(b'\xff\n.png')
    os.rename(folder / '4.png', folder / name)
    content['images'][4]['file_name'] = name
    content['annotations'][4]['keypoints'][2] = 3
    check(data)
    tool = Path(__file__).parents[3] / 'tools/check_dataset.py'
    sheet = data[0] / 'sheet.png'
    done = run_program(tool, data[0] / 'a.json', '--points', 'points.yaml', '--out',
                       sheet, '--num', 2, cwd=tool.parent)
    assert done.returncode == 1, done.stderr
    assert 'missing image: 1' in done.stdout and '3.png' in done.stdout
    assert r'\udcff\n.png' in done.stdout
    assert cv2.imread(str(sheet)).shape == (560, 3 * 560, 3)
