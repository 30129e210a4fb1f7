"""Annotation files with anything in them: read as they are written, or refused."""

import csv
import io
import json

import numpy as np
import yaml
from fuzzing import (
    Refused,
    attempt,
    changed,
    damaged,
    damaged_json,
    fuzz,
    is_number,
    read_file,
)
from hypothesis import strategies as st

from mmwing.datasets.face import FaceLandmarkDataset
from mmwing.datasets.formats import read_landmarks

numbers = st.floats(-50, 500).map(lambda value: round(value, 3))
shapes = st.tuples(st.integers(1, 3), st.integers(1, 4))


@st.composite
def coco(draw):
    faces, points = draw(shapes)
    return {
        'images': [{'id': index, 'file_name': f'{index}.png', 'width': 64, 'height': 48}
                   for index in range(faces)],
        'annotations': [{
            'id': 7 + index, 'image_id': index, 'category_id': 1,
            'keypoints': [value for _ in range(points)
                          for value in (draw(numbers), draw(numbers), 2)],
            'bbox': [1.5, 2, 30, 40]} for index in range(faces)],
        'categories': [{'id': 1, 'name': 'face'}]}


@fuzz(damaged_json(coco()))
def test_coco_json(data, folder):
    records = read_file(read_landmarks, folder / 'faces.json', data)
    if records is Refused:
        return False
    content = json.loads(data.decode('utf-8-sig'))
    faces = [face for face in content['annotations']
             if len(records) == len(content['annotations'])
             or face.get('category_id') == 1]
    names = {image['id']: image['file_name'] for image in content['images']
             if 'file_name' in image}
    assert [record.id for record in records] == [face['id'] for face in faces]
    for record, face in zip(records, faces, strict=True):
        assert all(map(is_number, face['keypoints']))
        assert {*face['keypoints'][2::3]} <= {0, 1, 2} or face.get('iscrowd')
        points = np.array([float(value) for value in face['keypoints']]).reshape(-1, 3)
        np.testing.assert_array_equal(record.keypoints, points[:, :2])
        np.testing.assert_array_equal(record.visibility, points[:, 2])
        assert record.image_path == str(folder / names[face['image_id']])
        box = face.get('bbox')
        assert (record.box is None) == (box is None)
        if box is not None:
            assert len(box) == 4 and all(map(is_number, box))
            np.testing.assert_array_equal(record.box, [float(value) for value in box])
    return True


CELLS = ['', ' ', 'a', '1_0', '٣', '-1', '1e400', 'nan', '"', '"a', '=1', "'=1", '../a',
         '/etc/a', '1,2', '0x10', '9' * 5000, 'a\nb', '1;2', '\0']
HEADERS = ['x{0},y{0}', 'x_{0},y_{0}', 'p{0}q_x,p{0}q_y', 'Y{0},X{0}', 'x{0},y{0},v{0}']


@st.composite
def tables(draw):
    faces, points = draw(shapes)
    header = draw(st.sampled_from(HEADERS))
    titles = ['image', *(','.join(header.format(i) for i in range(points)).split(','))]
    if draw(st.booleans()):
        titles += ['box_x', 'box_y', 'box_w', 'box_h']
    rows = [titles, *([f'{index}.png', *(
        str(draw(st.integers(0, 2) if title[0] == 'v' else numbers))
        for title in titles[1:])] for index in range(faces))]
    order = draw(st.permutations(range(len(titles))))
    rows = [[row[index] for index in order] for row in rows]
    for _ in range(draw(st.integers(0, 2))):
        row = draw(st.sampled_from(rows[1:] * 3 + rows[:1]))
        column = draw(st.integers(0, len(row) - 1))
        row[column] = draw(st.sampled_from(CELLS + titles))
    text = io.StringIO()
    csv.writer(text, delimiter=draw(st.sampled_from(',;\t'))).writerows(rows)
    return text.getvalue().encode()


def read_table(text):
    """Image and points by number, or in the order of the columns, of each row."""
    first = text.splitlines()[0]
    titles, *rows = csv.reader(io.StringIO(text, newline=''),
                               delimiter=max(',;\t', key=first.count))
    columns = {}
    for index, title in enumerate(title.strip().lower() for title in titles):
        if not title or title in ('image', 'box_x', 'box_y', 'box_w', 'box_h'):
            continue
        start = title[1:].removeprefix('_')
        if title[0] in 'xyv' and start.isdecimal():
            columns.setdefault(int(start), {})[title[0]] = index
        elif len(title) > 2 and title[-2:] in ('_x', '_y', '_v'):
            columns.setdefault(title[:-2], {})[title[-1]] = index
    order = sorted(columns) if isinstance(next(iter(columns)), int) else columns
    image = [title.strip().lower() for title in titles].index('image')
    for row in rows:
        if any(cell.strip() for cell in row):
            yield row[image].strip(), [
                [row[columns[point][axis]].strip() for axis in 'xy']
                for point in order], [
                row[columns[point]['v']].strip() if 'v' in columns[point] else None
                for point in order]


@fuzz(damaged(tables()))
def test_csv(data, folder):
    records = read_file(read_landmarks, folder / 'faces.csv', data)
    if records is Refused:
        return False
    rows = list(read_table(data.decode('utf-8-sig')))
    assert len(records) == len(rows)
    for record, (image, points, flags) in zip(records, rows, strict=True):
        name = image[1:] if image.startswith("'=") else image
        assert record.image_path == str(folder / name)
        for index, ((x, y), flag) in enumerate(zip(points, flags, strict=True)):
            if x == y == '' or flag is None and float(x) == float(y) == -1:
                assert record.visibility[index] == 0
                continue
            assert '_' not in x + y and (x + y).isascii()
            np.testing.assert_array_equal(record.keypoints[index], [float(x), float(y)])
            assert flag in (None, '') or record.visibility[index] == float(flag)
            assert record.visibility[index] in (0, 1, 2)
    return True


@st.composite
def pts(draw):
    points = [f'{draw(numbers)} {draw(numbers)}'
              for _ in range(draw(st.integers(1, 5)))]
    count = draw(st.sampled_from([len(points)] * 5 + [0, -1, '٣', '9' * 5000, '']))
    for _ in range(draw(st.integers(0, 1))):
        odd = draw(st.sampled_from(['1', '1 2 3', 'a b', '-1 -1', 'nan 2', '1_0 2', '',
                                    '1e999 0', '{', '}', '1\xa02', '٣ 1']))
        points[draw(st.integers(0, len(points) - 1))] = odd
    text = '\n'.join(points)
    if draw(st.integers(0, 3)):
        text = f'version: 1\nn_points: {count}\n{{\n{text}\n}}\n'
    return text.encode()


@fuzz(damaged(pts()))
def test_pts(data, folder):
    (folder / 'a.png').write_bytes(b'')
    (folder / 'a.pts').write_bytes(data)
    records = attempt(lambda: read_landmarks(folder), r'a\.pts|' + str(folder))
    if records is Refused:
        return False
    text = data.removeprefix(b'\xef\xbb\xbf').decode('ascii')
    body = text[text.index('{') + 1:text.index('}')] if '{' in text else text
    values = np.array([float(word) for word in body.split()]).reshape(-1, 2)
    assert not ('_' in body or '{' in text and 'n_points' in text and str(len(values))
                not in text), 'other numbers, or another count'
    record, = records
    missing = (values == -1).all(1)
    np.testing.assert_array_equal(record.visibility == 0, missing)
    signs = missing.any() or (record.visibility == 1).any() and not (
        record.visibility == 1).all()
    given = np.where(signs & (values < 0).all(1, keepdims=True), -values, values) - 1
    np.testing.assert_array_equal(record.keypoints[~missing], given[~missing])
    return True


@st.composite
def points_files(draw):
    count = draw(st.integers(1, 6))
    content = {'name': 'mine', 'num_points': count}
    names = [f'p{index}' for index in range(count)]
    if draw(st.booleans()):
        content['names'] = names
    content['flip_pairs'] = [[index, index + 1] for index in range(0, count - 1, 2)]
    if draw(st.booleans()):
        content['contours'] = {'all': list(range(count))} if count > 1 else []
    return content


def as_yaml(content):
    return yaml.safe_dump(content, allow_unicode=True).encode(errors='surrogatepass')


#: Eleven lists of nine of the one before: 31,381,059,609 texts if written out.
BOMB = '\n'.join(['a0: &a0 [x]', *(
    f'a{i}: &a{i} [{", ".join([f"*a{i - 1}"] * 9)}]' for i in range(1, 12))])
YAML = st.sampled_from([f'{BOMB}\nnames: *a11\nflip_pairs: []',
                        f'{BOMB}\nnum_points: 3\nflip_pairs: *a11',
                        'num_points: 1000000000000\nflip_pairs: []',
                        'num_points: 2\n1: 2\na: 3\nflip_pairs: []',
                        'num_points: !!bool x', 'num_points: !!int ""',
                        'a: &a [*a]\nnames: *a', 'num_points: 3\nflip_pairs: &b [*b]'])


@fuzz(st.one_of(
    damaged(changed(points_files()).map(as_yaml)),
    YAML.map(str.encode)))
def test_points_file(data, folder):
    path = folder / 'points.yaml'
    path.write_bytes(data)
    (folder / 'faces.csv').write_text('image,x0,y0\na.png,1,2\n')

    def meta():
        return FaceLandmarkDataset(
            metainfo=dict(from_file=str(path)), ann_file=str(folder / 'faces.csv'),
            lazy_init=True, pipeline=[]).metainfo

    found = attempt(meta, r'points\.yaml')
    if found is Refused:
        return False
    content = yaml.safe_load(data.decode('utf-8-sig'))
    count = content.get('num_points') or len(content['names'])
    names = content.get('names') or [f'point-{index}' for index in range(count)]
    assert [found['keypoint_id2name'][index] for index in range(count)] == names
    assert found['num_keypoints'] == count

    def index(point):
        return names.index(point) if isinstance(point, str) else point

    partner = list(range(count))
    for first, second in content['flip_pairs']:
        assert not isinstance(first, bool) and not isinstance(second, bool)
        partner[index(first)], partner[index(second)] = index(second), index(first)
    assert found['flip_indices'] == partner
    return True
