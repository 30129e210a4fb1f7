"""mmwing predict: inputs of every kind in, results out, broken ones named."""

import csv
import json
import runpy
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import mmwing
from mmwing.datasets.formats import read_landmarks, read_pts
from mmwing.inference.box_file import BoxFile
from mmwing.inference.inputs import distinct_names, find_inputs
from mmwing.inference.results import (
    PredictedImage,
    face_cells,
    face_entry,
    find_head_pose,
    write_predictions_pts,
)
from mmwing.runtime import Face


@pytest.fixture
def photos(faces, tmp_path):
    """Two faces side by side in a.png, one each in b.jpg and deep/a.png."""
    folder = tmp_path / 'photos'
    (folder / 'deep').mkdir(parents=True)
    cv2.imwrite(str(folder / 'a.png'), np.hstack([faces[0]['img'], faces[1]['img']]))
    cv2.imwrite(str(folder / 'b.jpg'), faces[2]['img'])
    cv2.imwrite(str(folder / 'deep/a.png'), faces[3]['img'])
    (folder / 'notes.txt').write_text('no image')
    return folder


@pytest.fixture
def boxes(faces, photos):
    """Their boxes as a CSV beside them."""
    second = faces[1]['bbox'][0] + [128, 0, 128, 0]
    rows = [('a.png', faces[0]['bbox'][0]), ('a.png', second),
            ('b.jpg', faces[2]['bbox'][0]), ('deep/a.png', faces[3]['bbox'][0])]
    lines = [','.join(map(str, [name, *box[:2], *(box[2:] - box[:2])]))
             for name, box in rows]
    path = photos / 'boxes.csv'
    path.write_text('image,box_x,box_y,box_w,box_h\n' + '\n'.join(lines))
    return path


@pytest.fixture
def run(checkpoint, tmp_path, monkeypatch, capsys):
    """Call the program; gives status, standard output and standard error."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments, model=checkpoint):
        monkeypatch.setattr(sys, 'argv', ['predict.py', *map(str, arguments), '--model',
                                          model])
        status = 0
        try:
            runpy.run_path(mmwing.tool_path('predict.py'), run_name='__main__')
        except SystemExit as stop:
            status = stop.code
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def test_results_are_those_of_the_landmarker(run, photos, boxes, faces, landmarker,
                                             tmp_path):
    status, out, _ = run(photos, '--boxes', boxes, '--format', 'json,csv,pts')
    assert status == 0 and '4 faces in 3 images: predictions' in out
    results = tmp_path / 'predictions'
    expected = [landmarker(face['img'], boxes=face['bbox'])[0].keypoints
                for face in faces[:4]]
    expected[1] = expected[1] + [128, 0]
    expected[2] = landmarker(photos / 'b.jpg', boxes=faces[2]['bbox'])[0].keypoints
    # mmwing reads what it has written as annotations.
    for file in ('predictions.json', 'predictions.csv'):
        records = read_landmarks(results / file, '.')
        assert [record.image_path for record in records] == [
            f'photos/{name}' for name in ('a.png', 'a.png', 'b.jpg',
                                                       'deep/a.png')]
        for record, keypoints in zip(records, expected, strict=True):
            np.testing.assert_allclose(record.keypoints, keypoints, atol=2e-3)
    names = ['a_1', 'a_2', 'b', 'deep/a']
    assert sorted(path.relative_to(results / 'pts').with_suffix('').as_posix()
                  for path in (results / 'pts').rglob('*.pts')) == names
    for name, keypoints in zip(names, expected, strict=True):
        np.testing.assert_allclose(read_pts(results / f'pts/{name}.pts'), keypoints,
                                   atol=2e-3)


def test_no_face_is_written_over_another(faces, tmp_path):
    """The second face of a.jpg, and the only one of a_2.jpg, of A_1.jpg."""
    def image(name, *values):
        return PredictedImage(f'{name}.jpg', name, (64, 64), [
            Face(np.full((3, 2), value, np.float32), np.full(3, np.nan),
                 np.array([0, 0, 9, 9], np.float32), 0.5) for value in values])

    write_predictions_pts(tmp_path, [image('a', 1, 2), image('A_1', 3), image('a_2', 4),
                                     image('b', 5), image('none')])
    assert {path.stem: read_pts(path)[0, 0] for path in tmp_path.iterdir()} == {
        'A_1': 3, 'a_2': 4, 'b': 5, 'a_1-2': 1, 'a_2-2': 2}


def test_a_model_without_confidence_writes_none(run, photos, boxes, tmp_path):
    run(photos, '--boxes', boxes)
    content = json.loads((tmp_path / 'predictions/predictions.json').read_text())
    face = content['annotations'][0]
    assert face['keypoint_scores'] is None and face['score'] is None
    assert len(content['categories'][0]['keypoints']) == 68
    with (tmp_path / 'predictions/predictions.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert [row['face'] for row in rows] == ['0', '1', '0', '0']
    assert rows[0]['s0'] == '' and rows[0]['score'] == ''


def test_head_poses_stand_beside_the_landmarks(run, photos, boxes, tmp_path,
                                               monkeypatch):
    calls = []
    monkeypatch.setattr('mmwing.inference.results.head_pose', lambda *arguments: (
        calls.append(arguments), mmwing.head_pose(*arguments))[1])
    assert run(photos / 'a.png', '--boxes', boxes, '--head-pose')[0] == 0
    assert len(calls) == 2  # once a face, for both files
    results = tmp_path / 'predictions'
    content = json.loads((results / 'predictions.json').read_text())
    with (results / 'predictions.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(content['annotations']) == 2
    for entry, row in zip(content['annotations'], rows, strict=True):
        points = np.reshape(entry['keypoints'], (68, 3))[:, :2]
        expected = mmwing.head_pose(points, (256, 128))
        np.testing.assert_allclose([entry['head_pose'][name] for name in
                                    ('yaw', 'pitch', 'roll')], expected, atol=0.1)
        np.testing.assert_allclose([float(row[name]) for name in
                                    ('yaw', 'pitch', 'roll')], expected, atol=0.1)
    # Such files stay annotations.
    for file in ('predictions.json', 'predictions.csv'):
        assert len(read_landmarks(results / file, '.')) == 2


def test_points_that_are_no_head_have_no_pose(faces):
    face = Face(np.zeros((68, 2), np.float32), np.full(68, np.nan), faces[0]['bbox'][0])
    pose = find_head_pose(face, (128, 128))
    assert face_entry(face, pose)['head_pose'] is None
    assert face_cells(face, pose)[5:8] == [''] * 3
    assert 'head_pose' not in face_entry(face)


def test_faces_are_drawn(run, photos, boxes, tmp_path):
    run(photos, '--boxes', boxes)
    drawings = tmp_path / 'predictions/drawings'
    assert sorted(path.relative_to(drawings).as_posix() for path in
                  drawings.rglob('*.jpg')) == ['a.jpg', 'b.jpg', 'deep/a.jpg']
    drawn = cv2.imread(str(drawings / 'b.jpg'))
    assert drawn.shape == (512, 512, 3)  # four times as large
    plain = cv2.resize(cv2.imread(str(photos / 'b.jpg')), (512, 512),
                       interpolation=cv2.INTER_CUBIC)
    changed = np.abs(drawn.astype(int) - plain).max(-1) > 60
    assert 0.02 < changed.mean() < 0.2


def test_results_are_boxes_for_the_next_run(run, photos, boxes, tmp_path):
    run(photos, '--boxes', boxes, '--out', 'first')
    for file in ('predictions.csv', 'predictions.json'):
        out = f'again_{file[-4:].strip(".")}'
        status, *_ = run(photos, '--boxes', f'first/{file}', '--out', out,
                         '--no-drawings')
        assert status == 0 and not (tmp_path / out / 'drawings').exists()
        for one, other in zip(read_landmarks('first/predictions.csv', '.'),
                              read_landmarks(f'{out}/predictions.csv', '.'),
                              strict=True):
            np.testing.assert_allclose(one.keypoints, other.keypoints, atol=0.01)


def test_whole_pictures(run, photos, landmarker):
    status, out, _ = run(photos / 'b.jpg', '--boxes', 'whole')
    assert status == 0 and '1 faces in 1 images' in out
    [record] = read_landmarks('predictions/predictions.csv', '.')
    np.testing.assert_allclose(
        record.keypoints, landmarker(photos / 'b.jpg', boxes='whole')[0].keypoints,
        atol=2e-3)


def test_broken_inputs_are_named_and_the_rest_goes_on(run, photos, boxes):
    (photos / 'cut.jpg').write_bytes((photos / 'b.jpg').read_bytes()[:-200])
    (photos / 'text.png').write_text('hello')
    (photos / 'huge.ppm').write_bytes(b'P6\n40000 40000\n255\n')
    cv2.imwrite(str(photos / 'unknown.png'), np.zeros((8, 8, 3), np.uint8))
    with boxes.open('a') as file:
        file.write('\ncut.jpg,1,1,9,9\nfar.png,500,500,9,9')
    cv2.imwrite(str(photos / 'far.png'), np.zeros((8, 8, 3), np.uint8))
    status, out, err = run(photos, 'missing.jpg', 'no*.png', '--boxes', boxes)
    assert status == 1
    assert '4 faces in 3 images; 7 inputs came to nothing' in out
    for line in (r'missing.jpg: no such file', 'no*.png: no such file',
                 'huge.ppm cannot be decoded: it has 40000x40000 pixels',
                 'cut.jpg cannot be decoded', 'text.png cannot be decoded: it is not',
                 'unknown.png: no box in', 'far.png: boxes[0]'):
        assert line in err
    assert len(read_landmarks('predictions/predictions.csv', '.')) == 4


def test_a_box_file_with_a_box_of_no_numbers_is_refused_at_once(run, photos, boxes,
                                                                tmp_path):
    with boxes.open('a') as file:
        file.write('\nb.jpg,nan,1,9,9')
    status, *_ = run(photos, '--boxes', boxes)
    assert 'boxes.csv is not a box file: line 6: ' in status and 'nan' in status
    assert not (tmp_path / 'predictions').exists()


def test_results_are_not_overwritten_unless_asked(run, photos, boxes, tmp_path):
    arguments = (photos / 'b.jpg', '--boxes', boxes)
    assert run(*arguments, '--format', 'csv', '--no-drawings')[0] == 0
    before = (tmp_path / 'predictions/predictions.csv').read_bytes()
    status, *_ = run(photos, '--boxes', boxes)
    assert 'predictions.csv is there already: --overwrite' in status
    assert (tmp_path / 'predictions/predictions.csv').read_bytes() == before
    assert not (tmp_path / 'predictions/drawings').exists()
    assert run(photos, '--boxes', boxes, '--overwrite')[0] == 0
    assert len(read_landmarks('predictions/predictions.csv', '.')) == 4


@pytest.mark.parametrize('argument', ['phto.jpg', 'photos/empty'])
def test_where_nothing_was_read_nothing_is_in_the_way_of_the_next_run(
        run, photos, argument, tmp_path):
    (photos / 'empty').mkdir()
    status, out, err = run(argument, '--boxes', 'whole')
    assert status == 1 and f'warning: {argument}: no' in err
    assert out.endswith('1 inputs came to nothing (see above); nothing was written\n')
    assert not (tmp_path / 'predictions').exists()
    status, out, _ = run(photos / 'b.jpg', '--boxes', 'whole')
    assert status == 0 and out == '1 faces in 1 images: predictions\n'


def test_without_a_detector_nothing_is_guessed(run, photos, monkeypatch):
    monkeypatch.setattr('mmwing.runtime.landmarker.find_detector', lambda name: None)
    status, *_ = run(photos)
    assert 'no detector is installed' in status and 'whole' in status


@pytest.mark.parametrize(('arguments', 'message'), [
    (['--boxes', 'nowhere.csv'], "'nowhere.csv' does not exist"),
    (['--boxes', 'photos/notes.txt'], 'is not a box file'),
    (['--boxes', 'photos'], 'photos is a folder: boxes are read from a file'),
    (['--boxes', 'whole', '--out', 'photos/b.jpg'], 'b.jpg is a file, and results go'),
    (['--boxes', 'whole', '--out', ''], "folder of the results, got ''"),
    (['--boxes', 'whole', '--device', 'gpu'], "device 'gpu' cannot be used: "),
    (['--boxes', 'whole', '--device', 'cuda:999'], "device 'cuda:999' cannot be used"),
])
def test_bad_arguments(run, photos, arguments, message):
    assert message in run(photos, *arguments)[0]


@pytest.mark.parametrize(('formats', 'got'), [('xml', "'xml'"), ('', 'none'),
                                              (' , ', 'none')])
def test_an_unknown_format(run, photos, formats, got):
    status, _, err = run(photos, '--format', formats)
    assert status == 2 and f'json,csv,pts; got {got}' in err


# ------------------------------------------------------------------ inputs, boxes


def test_inputs_are_found_once_and_called_differently(photos):
    (photos / 'a.jpg').write_bytes((photos / 'b.jpg').read_bytes())
    inputs, problems = find_inputs([
        str(photos), str(photos / 'a.png'), str(photos / '*.jpg'),
        'painted://64/seed1/000002.png'])
    assert [(each.path, each.name) for each in inputs] == [
        (f'{photos}/a.jpg', 'a'), (f'{photos}/a.png', 'a-2'), (f'{photos}/b.jpg', 'b'),
        (f'{photos}/deep/a.png', 'deep/a'),
        ('painted://64/seed1/000002.png', '000002')]
    assert problems == []


def test_a_file_by_several_names_is_one_input(photos, monkeypatch):
    monkeypatch.chdir(photos)
    inputs, _ = find_inputs(
        ['b.jpg', './b.jpg', str(photos / 'b.jpg'), '../photos/b.*'])
    assert [each.path for each in inputs] == ['b.jpg']


@pytest.mark.parametrize('out', ['.', 'photos', 'photos/out', 'photos/drawings'])
@pytest.mark.parametrize('argument', ['photos', 'photos/*.*', '**'])
def test_results_are_no_inputs_and_all_else_is(photos, monkeypatch, out, argument):
    monkeypatch.chdir(photos.parent)
    kept = {'photos/a.png', 'photos/b.jpg'}
    if argument != 'photos/*.*':
        kept.add('photos/deep/a.png')
    (photos / 'notes.txt').unlink()
    for name in ('drawings/deep/a.jpg', 'drawings/a.mp4', 'videos/a.csv', 'pts/a.pts',
                 'videos/a.json', 'predictions.csv', 'predictions.json'):
        path = Path(out, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    inputs, problems = find_inputs([argument], leave_out=out)
    assert {each.path for each in inputs} == kept and problems == []


def test_a_folder_that_is_called_as_results_are_is_an_input(photos, monkeypatch):
    monkeypatch.chdir(photos)
    (photos / 'deep').rename('drawings')
    for argument, out in (('drawings', 'out'), ('drawings', 'drawings'),
                          ('drawings/a.png', '.'), ('../photos/drawings', '..')):
        [found], problems = find_inputs([argument], leave_out=out)
        assert found.name == 'a' and problems == []
    [[argument, reason]] = find_inputs(['drawings'], leave_out='.')[1]
    assert argument == 'drawings' and 'nothing but results' in reason


@pytest.mark.parametrize(('argument', 'out', 'images'), [
    ('photos', '.', 3), ('photos', 'photos', 3), ('photos/*.jpg', 'photos', 1)])
def test_results_may_go_where_the_images_are(run, photos, argument, out, images):
    for options in ((), ('--overwrite', )):
        status, printed, err = run(argument, '--boxes', 'whole', '--out', out, *options)
        assert status == 0 and err == ''
        assert printed == f'{images} faces in {images} images: {out}\n'


def test_a_warning_has_the_name_of_the_input(run, photos):
    """Also if it is short, and part of a word of the reason."""
    (photos.parent / 'in').mkdir()
    assert 'warning: in: no images' in run('in', '--boxes', 'whole')[2]
    (photos.parent / 'bo.csv').write_text(f'{HEADER}\nb.jpg,1,2,3,4')
    (photos / 'b.jpg').rename('bo')
    assert 'warning: bo: no box in bo.csv' in run('bo', '--boxes', 'bo.csv')[2]


def test_a_folder_without_images(tmp_path):
    assert find_inputs([str(tmp_path)]) == ([], [(str(tmp_path),
                                                  'no images or videos in the folder')])


@pytest.mark.parametrize('content', [
    'image,x\na.png,1', '{"images": []}', '[]', 'image,box_x,box_y,box_w,box_h\n',
    'image,box_x,box_y,box_w,box_h\na.png,1,2,three,4'])
def test_files_of_no_boxes(content, tmp_path):
    path = tmp_path / ('boxes.json' if content[0] in '{[' else 'boxes.csv')
    path.write_text(content)
    with pytest.raises(ValueError,
                       match=r'boxes\.(json|csv) (is not a|holds no) box'):
        BoxFile(path)


HEADER = 'image,box_x,box_y,box_w,box_h'


@pytest.mark.parametrize(('row', 'message'), [
    ('a.png,1_0,2,3,4', "line 2: column box_x: '1_0' is not a number"),
    ('a.png,1,2,٣,4', 'line 2: column box_w'), ('a.png,1,2,3', 'line 2: 4 cells'),
    ('a.png,1,nan,3,4', 'line 2: .* is no box'), (',1,2,3,4', 'line 2: a file name'),
    ('a.png,1,2,-3,4', 'line 2: .* is no box'),
    ('a.png,1,2,3,4\n"b\nc.png",1,2,1e7,4\n', 'line 3: .* is no box')])
def test_a_table_holds_numbers_that_are_boxes(row, message, tmp_path):
    path = tmp_path / 'boxes.csv'
    path.write_text(f'{HEADER}\n{row}', encoding='utf-8')
    with pytest.raises(ValueError, match=rf'boxes\.csv is not a box file: {message}'):
        BoxFile(path)


@pytest.mark.parametrize(('entry', 'message'), [
    ({'bbox': '1234'}, "bbox must be x, y, width, height; got '1234'"),
    ({'bbox': ['1', '2', '3', '4']}, 'bbox must be x, y'),
    ({'bbox': [1, 2, True, 4]}, 'bbox must be x, y'),
    ({'bbox': [1, 2, float('nan'), 4]}, 'is no box'),
    ({'bbox': [1, 2, float('inf'), 4]}, 'is no box'),
    ({'bbox': [1, 2, 3, -4]}, 'is no box'), ({'bbox': [2e6, 2, 3, 4]}, 'is no box'),
    ({'bbox': [1, 2, 3, 10**400]}, 'too many digits'),
    ({'image_id': True}, 'image_id must be a whole number or text, got True'),
    ({'image_id': [1]}, 'image_id must be'), ({'image_id': 2}, 'not among the images'),
    ({'frame': True}, 'a frame must be a number from 0, got True'),
    ({'frame': 1.5}, 'a frame must be'), ({'frame': 10**20}, 'no video has a frame')])
def test_annotations_hold_numbers_that_are_boxes(entry, message, tmp_path):
    path = tmp_path / 'boxes.json'
    good = {'image_id': 1, 'bbox': [1, 2, 3, 4]}
    path.write_text(json.dumps({'images': [{'id': 1, 'file_name': 'a.png'}],
                                'annotations': [good, {**good, **entry}]}))
    with pytest.raises(ValueError, match=rf'boxes\.json.*annotations\[1\].*{message}'):
        BoxFile(path)


@pytest.mark.parametrize(('image', 'message'), [
    ({'id': 1, 'file_name': 'b.png'}, "the id 1 is that of 'a.png', too"),
    ({'id': True, 'file_name': 'b.png'}, 'id must be a whole number'),
    ({'id': 2, 'file_name': ['b.png']}, 'a file name must be a text')])
def test_images_of_boxes_have_an_id_and_a_name_each(image, message, tmp_path):
    path = tmp_path / 'boxes.json'
    path.write_text(json.dumps({
        'images': [{'id': 1, 'file_name': 'a.png'}, image],
        'annotations': [{'image_id': 1, 'bbox': [1, 2, 3, 4]}]}))
    with pytest.raises(ValueError, match=rf'images\[1\]: .*{message}'):
        BoxFile(path)


def write_boxes(path, *entries, categories=None):
    """A file of one image whose boxes begin at 1, 2, … and are one pixel wide."""
    path.write_text(json.dumps({
        'images': [{'id': 1, 'file_name': 'a.png'}],
        'categories': [{'id': key, 'name': name}
                       for key, name in (categories or {}).items()],
        'annotations': [{'image_id': 1, 'bbox': [index, 0, 1, 1], **entry}
                        for index, entry in enumerate(entries, 1)]}))
    return path


def starts(boxes):
    return boxes.find('a.png')[:, 0].tolist()


def test_boxes_of_other_categories_are_no_faces(tmp_path):
    path = write_boxes(tmp_path / 'boxes.json', {'category_id': 3}, {'category_id': 7},
                       {'category_id': 3}, categories={3: 'Face', 7: 'car'})
    boxes = BoxFile(path)
    assert starts(boxes) == [1, 3]
    note, = boxes.notes
    assert note.where == str(path)
    assert "1 annotations of other categories than 'Face' are left out" in note.detail
    assert starts(BoxFile(path, category='car')) == [2]
    with pytest.raises(ValueError, match="no annotation of the category 'dog'"):
        BoxFile(path, category='dog')


@pytest.mark.parametrize(('categories', 'message'), [
    ({3: 'person', 7: 'car'}, r"of several categories: 'person' \(1 annotations\), "
                              r"'car' \(1 annotations\)\. .* --category"),
    ({}, r'of several categories: 3 .*leave only the faces in')])
def test_which_boxes_are_the_faces_is_not_guessed(categories, message, tmp_path):
    path = write_boxes(tmp_path / 'boxes.json', {'category_id': 3}, {'category_id': 7},
                       categories=categories)
    with pytest.raises(ValueError, match=message) as caught:
        BoxFile(path)
    assert 'is not a box file' not in str(caught.value)


def test_a_category_is_a_number_or_a_name(tmp_path):
    path = write_boxes(tmp_path / 'boxes.json', {'category_id': [3]})
    with pytest.raises(ValueError, match='category_id must be a whole number or text'):
        BoxFile(path)


def test_boxes_of_crowds_are_left_out_and_counted(tmp_path):
    path = write_boxes(tmp_path / 'boxes.json', {}, {'iscrowd': 1}, {'iscrowd': 0},
                       {'iscrowd': 1})
    boxes = BoxFile(path)
    assert starts(boxes) == [1, 3]
    assert [(note.where, note.detail) for note in boxes.notes] == [(
        str(path), '2 annotations have iscrowd set and are left out, the first of them '
                   'annotations[1]; if they are single faces, set it to 0')]
    write_boxes(path, {'iscrowd': 1})
    with pytest.raises(ValueError, match='holds no box; 1 annotations have iscrowd'):
        BoxFile(path)


def test_what_is_left_out_of_a_box_file_is_warned_about_once(run, photos, tmp_path):
    entries = [{'category_id': 3}, {'category_id': 7}, {'category_id': 3, 'iscrowd': 1}]
    path = write_boxes(tmp_path / 'some.json', *[{'bbox': [20, 20, 50, 50], **entry}
                                                 for entry in entries],
                       categories={3: 'head', 7: 'car'})
    arguments = (photos / 'a.png', '--boxes', path, '--no-drawings')
    assert '--category' in run(*arguments)[0]
    status, out, err = run(*arguments, '--category', 'head')
    assert status == 0 and out.startswith('1 faces in 1 images')
    assert [line.split('some.json: ')[1].split(',')[0] for line in err.splitlines()
            if 'warning' in line] == [
        "1 annotations of other categories than 'head' are left out",
        '1 annotations have iscrowd set and are left out']


def test_a_table_has_no_categories(run, photos, boxes):
    status, _, err = run(photos, '--boxes', boxes, '--category', 'face')
    assert status == 2 and '--category needs --boxes FILE.json' in err


def test_no_box_of_an_image_is_lost(tmp_path, monkeypatch):
    """One image by two names; and names from here stand before those from the file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'out').mkdir()
    path = Path('out/boxes.csv')
    path.write_text(f'{HEADER}\nout/a.png,1,2,3,4\n./out/a.png,5,6,1,1\n'
                    'a.png,7,8,1,1\n')
    boxes = BoxFile(path)
    assert boxes.find('out/a.png').tolist() == [[1, 2, 4, 6], [5, 6, 6, 7]]
    assert boxes.find('a.png').tolist() == [[7, 8, 8, 9]]


def test_a_box_is_not_that_of_another_image_of_the_same_last_name(tmp_path,
                                                                 monkeypatch):
    """The name alone decides where the image itself is not there."""
    monkeypatch.chdir(tmp_path)
    path = Path('boxes.csv')
    path.write_text(f'{HEADER}\nold/a.png,1,2,3,4\n')
    for folder in ('old', 'new'):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / 'a.png').touch()
    assert BoxFile(path).find('new/a.png') is None
    assert BoxFile(path).find('old/a.png').tolist() == [[1, 2, 4, 6]]
    (tmp_path / 'old/a.png').unlink()
    assert BoxFile(path).find('new/a.png').tolist() == [[1, 2, 4, 6]]


def test_many_files_of_one_name_are_called_differently():
    """In a time that grows with their number, not with its square."""
    names = distinct_names(['face'] * 20_000 + ['face-3', 'Face'])
    assert len({name.lower() for name in names}) == len(names)
    assert names[:3] == ['face', 'face-2', 'face-3']
    assert names[-2:] == ['face-3-2', 'Face-20001']
