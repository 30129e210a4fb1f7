"""Three formats, one content."""

import json
import re

import numpy as np
import pytest

from mmwing.datasets.formats.landmark_files import read_landmarks
from mmwing.datasets.formats.problems import Kind, ProblemLog

# Three faces of four points; the second has a point that is not annotated.
POINTS = np.random.default_rng(0).uniform(5, 60, (3, 4, 2)).round(3)
POINTS[1, 2] = np.nan
NAMES = ['a.png', 'sub/b.png', 'sub/c.png']


def write_json(folder, origin=0):
    images = [{'id': 10 + i, 'file_name': name, 'width': 64, 'height': 48}
              for i, name in enumerate(NAMES)]
    annotations = []
    for index, points in enumerate(POINTS + origin):
        known = np.isfinite(points).all(1)
        rows = np.column_stack([np.nan_to_num(points), 2 * known])
        annotations.append({'id': index, 'image_id': 10 + index,
                            'keypoints': rows.ravel().tolist(), 'bbox': [1, 2, 30, 40]})
    path = folder / 'faces.json'
    path.write_text(json.dumps({'images': images, 'annotations': annotations}))
    return path


def write_csv(folder, header='x{0},y{0}', delimiter=',', origin=0):
    columns = ['image'] + [header.format(index) for index in range(4)]
    lines = [delimiter.join(columns).replace(',', delimiter)]
    for name, points in zip(NAMES, POINTS + origin, strict=True):
        cells = ['' if np.isnan(value) else str(value) for value in points.ravel()]
        lines.append(delimiter.join([name, *cells]))
    path = folder / 'faces.csv'
    path.write_text('\ufeff' + '\n'.join(lines) + '\n\n', encoding='utf-8')
    return path


def write_pts(folder, origin=1):
    (folder / 'sub').mkdir()
    for name, points in zip(NAMES, POINTS + origin, strict=True):
        (folder / name).write_bytes(b'')
        rows = '\n'.join(f'{x} {y}' for x, y in points)
        (folder / name).with_suffix('.pts').write_text(
            f'version: 1\nn_points: 4\n{{\n{rows}\n}}\n')
    return folder


@pytest.mark.parametrize(('write', 'origin'), [
    (write_json, {}), (write_csv, {}), (write_pts, {}),
    (write_json, {'origin': 1}), (write_csv, {'origin': 1}),
    (write_pts, {'origin': 0})])
def test_all_formats_give_the_same_zero_based_points(tmp_path, write, origin):
    records = read_landmarks(write(tmp_path, **origin), **origin)
    assert [record.image_path for record in records] == [
        str(tmp_path / name) for name in NAMES]
    for record, points in zip(records, POINTS, strict=True):
        known = np.isfinite(points).all(1)
        np.testing.assert_array_equal(record.visible, known)
        np.testing.assert_allclose(record.keypoints[known], points[known], atol=1e-9)


@pytest.mark.parametrize(('header', 'delimiter'), [
    ('x_{0},y_{0}', ','), ('eye{0}_x,eye{0}_y', ';'), ('X{0},Y{0}', '\t'),
    ('original_{0}_x,original_{0}_y', ',')])
def test_headers_of_csv(tmp_path, header, delimiter):
    records = read_landmarks(write_csv(tmp_path, header, delimiter))
    np.testing.assert_allclose([r.keypoints for r in records], POINTS)


def test_csv_columns_may_stand_in_any_order(tmp_path):
    path = tmp_path / 'a.csv'
    path.write_text('y1,x1,box_x,box_y,box_w,box_h,x0,y0,v0,filename\n'
                    '4,3,5,6,7,8,1,2,0,a.png\n')
    record, = read_landmarks(path, tmp_path / 'images', origin=1)
    np.testing.assert_array_equal(record.keypoints, [[0, 1], [2, 3]])
    np.testing.assert_array_equal(record.visible, [False, True])
    assert record.box == (4, 5, 7, 8)
    assert record.image_path == str(tmp_path / 'images/a.png')


def test_json_keeps_its_own_fields(tmp_path):
    record = read_landmarks(write_json(tmp_path))[1]
    assert (record.id, record.image_id, record.size) == (1, 11, (64, 48))
    assert record.box == (1, 2, 30, 40) and record.raw['bbox'] == [1, 2, 30, 40]


def test_broken_entries_are_named_and_left_out(tmp_path):
    path = write_csv(tmp_path)
    path.write_text(path.read_text() + 'd.png,1,2,3,4,5,six,7,8\ne.png,1\n,' +
                    '1,' * 7 + '1\n')
    log = ProblemLog()
    assert len(read_landmarks(path, log=log)) == 3
    assert [str(problem).split('faces.csv, ')[1] for problem in log.problems] == [
        "line 6: column 'y2' must be a number, got 'six'",
        'line 7: 2 cells, the header has 9', "line 8: column 'image' is empty"]
    with pytest.raises(ValueError, match="line 6: column 'y2'"):
        read_landmarks(path)


@pytest.mark.parametrize(('change', 'message'), [
    ({'image_id': 99}, 'image_id 99 is not among the images'),
    ({'keypoints': [1, 2]}, r'id 0, a\.png|flat list'),
    ({'keypoints': None}, r'annotations\[0\]'),
    ({'bbox': [1, 2]}, 'bbox must be x, y, width, height')])
def test_broken_json_entries(tmp_path, change, message):
    path = write_json(tmp_path)
    content = json.loads(path.read_text())
    content['annotations'][0].update(change)
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message):
        read_landmarks(path)


def test_a_broken_pts_file_is_named_with_its_folder(tmp_path):
    folder = write_pts(tmp_path)
    (folder / 'sub' / 'b.pts').write_text('no points')
    log = ProblemLog()
    assert len(read_landmarks(folder, log=log)) == 2
    assert [problem.where for problem in log.problems] == [
        str(folder / 'sub' / 'b.pts')]


@pytest.mark.parametrize(('key', 'message'), [
    ('images', r"images\[3\]: the id 10 is that of another image, too, 'a.png'"),
    ('annotations', r'annotations\[3\]: the id 0 is that of annotations\[0\], too')])
def test_an_id_that_is_there_twice(tmp_path, key, message):
    path = write_json(tmp_path)
    content = json.loads(path.read_text())
    content[key].append({**content[key][1], 'id': content[key][0]['id']})
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message):
        read_landmarks(path)
    log = ProblemLog()
    records = read_landmarks(path, log=log)
    assert [record.image_path for record in records] == [
        str(tmp_path / name) for name in NAMES]
    assert len(log.problems) == 1


@pytest.mark.parametrize(('name', 'text', 'message'), [
    ('a.json', '{', 'is not valid JSON'),
    ('a.json', '[]', 'has no list of images and of annotations'),
    ('a.csv', '', "needs a column 'image'"), ('a.csv', 'image,a,b\n', 'columns x0, y0'),
    ('a.csv', 'image,x0,y0,x1\n', "point '1' needs a column for x and one for y"),
    ('a.csv', 'image,x0,y0,x0,y0\n', "columns 'x0' and 'x0' are the same of one point"),
    ('a.csv', 'image,x1,y1,X_1,y1\n', "columns 'x1' and 'X_1' are the same"),
    ('a.csv', 'image,x0,y0,x2,y2\n', 'the points 0 and 2 and none between'),
    ('a.txt', '', 'must be a .json, a .csv, or a folder')])
def test_files_that_are_none(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=message):
        read_landmarks(tmp_path / name)


def test_missing_and_empty_places(tmp_path):
    with pytest.raises(FileNotFoundError, match='none.json'):
        read_landmarks(tmp_path / 'none.json')
    with pytest.raises(ValueError, match='no .pts file'):
        read_landmarks(tmp_path)
    with pytest.raises(ValueError, match='origin must be 0 or 1'):
        read_landmarks(tmp_path, origin=2)


def write_table(folder, header, *rows):
    path = folder / 'a.csv'
    path.write_text('\n'.join([header, *rows]) + '\n', encoding='utf-8')
    return path


@pytest.mark.parametrize(('header', 'row', 'message'), [
    ('image,nose_x,nose_y,x0,y0', 'a.png,1,2,3,4',
     r'numbered points \(0\) and of named ones \(nose\)'),
    ('image,file_name,x0,y0', 'a.png,b.png,1,2',
     "'image' and 'file_name' could both hold the image names"),
    ('nose_x,nose_y,Image', '1,2,' + ' '.join(['238'] * 9216),
     "column 'Image' holds pixels, not the names"),
    ('image,x0,y0,box_x,box_y', 'a.png,1,2,3,4', 'box needs the columns box_x, box_y'),
    ('image,x0,y0,', 'a.png,1,2,3', "line 2: cell 4 is '3', but the header has no"),
    ('image,x0,y0', 'a.png,1,1_0', "line 2: column 'y0' must be a number, got '1_0'"),
    ('image,x0,y0', 'a.png,1,"2', 'line 2: unexpected end of data'),
    ('image,x0,y0', 'a.png,1,' + '2' * 200000, 'line 2: field larger than')])
def test_tables_that_could_be_meant_in_two_ways(tmp_path, header, row, message):
    with pytest.raises(ValueError, match=message):
        read_landmarks(write_table(tmp_path, header, row))


def test_index_of_pandas_and_empty_columns_are_left_alone(tmp_path):
    path = write_table(tmp_path, ',image,x0,y0,,', '0,a.png,1,2,,', '1,b.png,3,4,,')
    assert [r.keypoints.tolist() for r in read_landmarks(path)] == [[[1, 2]], [[3, 4]]]


def test_lines_of_quoted_cells(tmp_path):
    path = write_table(tmp_path, 'image,note,x0,y0', 'a.png,"two\nlines",1,2',
                       'b.png,,3,x')
    log = ProblemLog()
    record, = read_landmarks(path, log=log)
    assert record.keypoints.tolist() == [[1, 2]]
    assert log.problems[0].where.endswith('line 4')


def test_missing_points_of_tables(tmp_path):
    path = write_table(tmp_path, 'image,x0,y0,x1,y1', 'a.png,-1,-1,3,4')
    log = ProblemLog()
    record, = read_landmarks(path, origin=1, log=log)
    assert record.visible.tolist() == [False, True]
    assert '1 points at (-1, -1) are read as not annotated' in log.problems[0].detail
    path = write_table(tmp_path, 'image,x0,y0,v0', 'a.png,-1,-1,2')
    assert read_landmarks(path)[0].keypoints.tolist() == [[-1, -1]]


@pytest.mark.parametrize('flag', [3, -1, 0.5, float('nan')])
@pytest.mark.parametrize('form', ['csv', 'json'])
def test_a_visibility_that_is_none_of_cocos(tmp_path, form, flag):
    if form == 'csv':
        path = write_table(tmp_path, 'image,x0,y0,v0,x1,y1,v1', 'a.png,1,2,1,3,4,2',
                           f'b.png,1,2,2,3,4,{flag}', f'c.png,1,2,{flag},,,')
        places = ['line 3 (b.png)', 'line 4 (c.png)']
    else:
        path = write_json(tmp_path)
        content = json.loads(path.read_text())
        for face in content['annotations'][1:]:
            face['keypoints'][2] = flag
        path.write_text(json.dumps(content))
        places = [f'annotations[{index}] (id {index}, {NAMES[index]})'
                  for index in (1, 2)]
    message = f'visibility must be 0, 1 or 2, found {flag:g}'
    with pytest.raises(ValueError, match=re.escape(f'{places[0]}: {message}')):
        read_landmarks(path)
    log = ProblemLog()
    assert len(read_landmarks(path, log=log)) == 3
    assert [(p.kind, p.where, p.detail) for p in log.problems] == [
        (Kind.RANGE, f'{path}, {place}', message) for place in places]


@pytest.mark.parametrize('flags', [[0, 1, 2], [0., 1., 2.]])
def test_the_flags_of_coco_may_be_floats(tmp_path, flags):
    path = write_json(tmp_path)
    content = json.loads(path.read_text())
    for face in content['annotations']:
        face['keypoints'] = [value for flag in flags for value in (3, 4, flag)]
    path.write_text(json.dumps(content))
    assert [r.visibility.tolist() for r in read_landmarks(path)] == [[0, 1, 2]] * 3
    path = write_table(tmp_path, 'image,x0,y0,v0,x1,y1,v1,x2,y2,v2',
                       'a.png,' + ','.join(f'3,4,{flag}' for flag in flags))
    assert read_landmarks(path)[0].visibility.tolist() == [0, 1, 2]


def test_the_flags_of_crowds_are_of_no_account(tmp_path):
    path = write_json(tmp_path)
    content = json.loads(path.read_text())
    content['annotations'][0].update(iscrowd=1, keypoints=[1, 2, 3])
    path.write_text(json.dumps(content))
    assert len(read_landmarks(path)) == 3


NAMED = 'image,nose_x,nose_y,Eye_l_x,Eye_l_y,eye_r_x,eye_r_y'


def test_columns_are_put_into_the_order_of_the_names(tmp_path):
    path = write_table(tmp_path, NAMED, 'a.png,1,2,3,4,5,6')
    record, = read_landmarks(path, names=['eye_l', 'eye_r', 'nose'])
    assert record.keypoints.tolist() == [[3, 4], [5, 6], [1, 2]]
    record, = read_landmarks(path)
    assert record.keypoints.tolist() == [[1, 2], [3, 4], [5, 6]]


@pytest.mark.parametrize(('names', 'message'), [
    (['eye_l', 'eye_r', 'mouth'], 'unknown: nose; missing: mouth'),
    (['eye_l', 'eye_r'], 'unknown: nose'),
    (['eye_l', 'eye_r', 'nose', 'chin'], 'missing: chin')])
def test_columns_of_other_names_are_refused(tmp_path, names, message):
    path = write_table(tmp_path, NAMED, 'a.png,1,2,3,4,5,6')
    with pytest.raises(ValueError, match=message):
        read_landmarks(path, names=names)
    # Numbered columns say their order themselves.
    path = write_table(tmp_path, 'image,x1,y1,x0,y0', 'a.png,1,2,3,4')
    assert read_landmarks(path, names=names)[0].keypoints.tolist() == [[3, 4], [1, 2]]


def with_categories(folder, ids, categories):
    path = write_json(folder)
    content = json.loads(path.read_text())
    for annotation, category in zip(content['annotations'], ids, strict=True):
        annotation['category_id'] = category
    content['categories'] = [{'id': key, 'name': name}
                             for key, name in categories.items()]
    path.write_text(json.dumps(content))
    return path


def test_annotations_of_other_categories_are_no_faces(tmp_path):
    path = with_categories(tmp_path, [1, 7, 1], {1: 'Face', 7: 'car'})
    log = ProblemLog()
    assert [record.id for record in read_landmarks(path, log=log)] == [0, 2]
    assert "1 annotations of other categories than 'Face'" in log.problems[0].detail
    assert [r.id for r in read_landmarks(path, category='car')] == [1]
    with pytest.raises(ValueError, match="no annotation of the category 'dog', but of "
                                         r"'Face' \(2 annotations\), 'car' \(1"):
        read_landmarks(path, category='dog')


def test_which_category_is_meant_is_not_guessed(tmp_path):
    path = with_categories(tmp_path, [1, 7, 1], {1: 'person', 7: 'car'})
    with pytest.raises(ValueError, match='several categories.*Which of them are the f'):
        read_landmarks(path)
    path = with_categories(tmp_path, [1, 1, 1], {1: 'person', 7: 'face'})
    assert len(read_landmarks(path)) == 3


def test_json_with_a_byte_order_mark(tmp_path):
    path = write_json(tmp_path)
    before = read_landmarks(path)
    path.write_text('\ufeff' + path.read_text(), encoding='utf-8')
    for record, expected in zip(read_landmarks(path), before, strict=True):
        np.testing.assert_array_equal(record.keypoints, expected.keypoints)


@pytest.mark.parametrize('image', [{'id': [1], 'file_name': 'a.png'}, 'a.png', {}])
def test_images_that_are_none(tmp_path, image):
    path = write_json(tmp_path)
    content = json.loads(path.read_text())
    content['images'].append(image)
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r'images\[3\]: an image must be a dict with'):
        read_landmarks(path)
    assert len(read_landmarks(path, log=ProblemLog())) == 3


@pytest.mark.parametrize(('change', 'message'), [
    ({'keypoints': ['1', '2', '2']}, 'a flat list of numbers'),
    ({'keypoints': [[1, 2, 2]]}, 'a flat list of numbers'),
    ({'keypoints': [1, 2, None]}, 'a flat list of numbers'),
    ({'keypoints': [10**400, 2, 2]}, 'a flat list of numbers'),
    ({'bbox': ['1', 2, 3, 4]}, 'bbox must be x, y, width, height'),
    ({'keypoints': [True, 2, 2]}, 'a flat list of numbers, .* got .True, 2, 2.'),
    ({'keypoints': [[1, 2], [2]]}, 'a flat list of numbers'),
    ({'bbox': [True, 2, 3, 4]}, 'bbox must be x, y, width, height'),
    ({'bbox': [10**400, 2, 3, 4]}, 'bbox has a number of too many digits'),
    ({'id': [1]}, 'id must be a whole number or text'),
    ({'image_id': [1]}, 'image_id must be a whole number or text'),
    ({'category_id': [1]}, 'category_id must be a whole number or text'),
    ({'image_id': {}}, r'annotations\[0\]')])
def test_json_of_other_types(tmp_path, change, message):
    path = write_json(tmp_path)
    content = json.loads(path.read_text())
    content['annotations'][0].update(change)
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message):
        read_landmarks(path)


def test_categories_that_are_no_list(tmp_path):
    path = write_json(tmp_path)
    path.write_text(json.dumps({**json.loads(path.read_text()), 'categories': 5}))
    with pytest.raises(ValueError, match=r'faces\.json: categories must be a list'):
        read_landmarks(path)


@pytest.mark.parametrize('name', ['/etc/a.png', '../a.png', 'sub/../../a.png', ''])
def test_names_that_lead_out_of_the_images(tmp_path, name):
    path = write_json(tmp_path)
    content = json.loads(path.read_text())
    content['images'][0]['file_name'] = name
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r'annotations\[0\].*(outside|file name)'):
        read_landmarks(path)
    if name:
        path = write_table(tmp_path, 'image,x0,y0', f'{name},1,2')
        with pytest.raises(ValueError, match='line 2.*outside the folder'):
            read_landmarks(path)


def test_names_that_differ_only_in_case_are_two_images(tmp_path):
    path = write_table(tmp_path, 'image,x0,y0', 'a.png,1,2', 'A.png,3,4')
    first, second = read_landmarks(path)
    assert first.image_path != second.image_path
    assert first.image_id != second.image_id


def test_sizes_of_images_that_are_no_numbers(tmp_path):
    path = write_json(tmp_path)
    content = json.loads(path.read_text())
    content['images'][0]['width'] = 'wide'
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match='width and height of an image must be '
                                         "numbers, got 'wide' and 48"):
        read_landmarks(path)
