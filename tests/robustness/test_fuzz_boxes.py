"""Files of boxes with anything in them: the boxes that stand there, or refused."""

import csv
import io
import json
import re
from collections import defaultdict

import numpy as np
from fuzzing import Refused, damaged, damaged_json, fuzz, is_number, read_file
from hypothesis import strategies as st

from mmwing.datasets.transforms import BoxFromFile
from mmwing.inference.box_file import BoxFile

numbers = st.floats(-50, 500).map(lambda value: round(value, 3))
sides = st.floats(0, 300).map(lambda value: round(value, 3))
boxes = st.tuples(numbers, numbers, sides, sides).map(list)


def is_key(value):
    return isinstance(value, (int, str)) and not isinstance(value, bool)


def corners(box):
    """x1, y1, x2, y2 of a box that a reader has accepted."""
    assert isinstance(box, list) and len(box) == 4 and all(map(is_number, box))
    x, y, width, height = map(float, box)
    assert width >= 0 and height >= 0
    found = [x, y, x + width, y + height]
    assert all(-1e6 <= value <= 1e6 for value in found)
    return found


@st.composite
def detections(draw):
    """Boxes by image, or those of detectors by face."""
    found = [draw(boxes) for _ in range(draw(st.integers(1, 3)))]
    if draw(st.booleans()):
        return [{'image_id': index, 'category_id': 1, 'bbox': box, 'score': 0.5}
                for index, box in enumerate(found)]
    return {'annotations': [{'id': index, 'image_id': 1, 'detector_bbox': box}
                            for index, box in enumerate(found)]}


@fuzz(damaged_json(detections()))
def test_bbox_file(data, folder):
    reader = read_file(BoxFromFile, folder / 'boxes.json', data)
    if reader is Refused:
        return False
    content = json.loads(data.decode('utf-8-sig'))
    if isinstance(content, dict):
        expected = {face['id']: corners(face['detector_bbox'])
                    for face in content['annotations'] if 'detector_bbox' in face}
        assert expected and all(map(is_key, expected))
        for key, box in expected.items():
            face = {'id': key, 'img_id': None, 'bbox': np.zeros((1, 4))}
            np.testing.assert_array_equal(reader.find(face), box)
        return True
    by_image = defaultdict(list)
    for detection in content:
        assert is_key(detection['image_id'])
        by_image[detection['image_id']].append(corners(detection['bbox']))
    assert by_image
    for key, found in by_image.items():
        for box in found:
            hit = reader.find({'id': 0, 'img_id': key, 'bbox': np.array([box])})
            # Boxes without an area overlap with none.
            assert hit is None or hit.tolist() in found
            assert (hit is not None or box[0] == box[2] or box[1] == box[3])
    return True


@st.composite
def coco(draw):
    count = draw(st.integers(1, 3))
    return {
        'images': [{'id': index, 'file_name': f'{index}.png'}
                   for index in range(count)],
        'categories': [{'id': 1, 'name': 'face'}, {'id': 2, 'name': 'car'}],
        'annotations': [
            {'id': index, 'image_id': index % count, 'bbox': draw(boxes),
             'category_id': draw(st.sampled_from([1, 1, 1, 2])),
             'iscrowd': draw(st.sampled_from([0, 0, 0, 1])),
             **({'frame': draw(st.integers(0, 5))} if draw(st.booleans()) else {})}
            for index in range(draw(st.integers(1, 4)))]}


def single_faces(content):
    """The annotations that count, of a file that a reader has accepted."""
    faces = content['annotations']
    found = {face.get('category_id') for face in faces}
    assert all(key is None or is_key(key) for key in found)
    if len(found) > 1:
        names = {category['id']: category.get('name')
                 for category in content['categories']
                 if isinstance(category, dict) and is_key(category.get('id'))}
        chosen, = [key for key in found if str(names.get(key)).lower() == 'face']
        faces = [face for face in faces if face.get('category_id') == chosen]
    return [face for face in faces if not face.get('iscrowd')]


def check_found(reader, rows, folder):
    """That a reader has the boxes of the rows: image, frame and corners."""
    expected = defaultdict(list)
    for image, frame, box in rows:
        expected[image].append((frame, box))
    assert expected
    for image, found in expected.items():
        np.testing.assert_array_equal(
            reader.find(str(folder / image)),
            np.array([box for _, box in found], np.float32))
        frames = reader.find_frames(str(folder / image))
        assert list(frames) == sorted({frame for frame, _ in found})
        for frame, values in frames.items():
            np.testing.assert_array_equal(values, np.array(
                [box for other, box in found if other == frame], np.float32))


@fuzz(damaged_json(coco()))
def test_json(data, folder):
    reader = read_file(BoxFile, folder / 'boxes.json', data)
    if reader is Refused:
        return False
    content = json.loads(data.decode('utf-8-sig'))
    names = {image['id']: image['file_name'] for image in content['images']}
    assert all(map(is_key, names))
    rows = []
    for face in single_faces(content):
        frame = face.get('frame', 0)
        assert is_number(frame) and isinstance(frame, int) and frame >= 0
        assert is_key(face['image_id'])
        rows.append((names[face['image_id']], frame, corners(face['bbox'])))
    check_found(reader, rows, folder)
    return True


CELLS = ['', ' ', 'a', '1_0', '٣', '-1', '1e400', '1e7', 'nan', 'inf', '"', '"a', '=1',
         "'=1", '1,2', '0x10', '9' * 5000, '0' * 5000, 'a\nb', '1;2', '\0', 'True',
         '1.5']


@st.composite
def tables(draw):
    titles = ['image', 'box_x', 'box_y', 'box_w', 'box_h', 'score']
    if draw(st.booleans()):
        titles.append('frame')
    titles = draw(st.permutations(titles))
    rows = [list(titles)]
    for index in range(draw(st.integers(1, 4))):
        box = dict(zip(['box_x', 'box_y', 'box_w', 'box_h'], draw(boxes), strict=True))
        row = {**box, 'image': f'{index // 2}.png', 'score': '',
               'frame': draw(st.integers(0, 5))}
        rows.append([str(row[title]) for title in titles])
    for _ in range(draw(st.integers(0, 2))):
        row = draw(st.sampled_from(rows[1:] * 3 + rows[:1]))
        row[draw(st.integers(0, len(row) - 1))] = draw(st.sampled_from(CELLS + titles))
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


@fuzz(damaged(tables()))
def test_csv(data, folder):
    reader = read_file(BoxFile, folder / 'boxes.csv', data)
    if reader is Refused:
        return False
    titles, *cells = csv.reader(
        io.StringIO(data.decode('utf-8-sig'), newline=''))
    assert all(titles.count(title) == 1 for title in ('image', 'box_x', 'box_y',
                                                      'box_w', 'box_h'))
    rows = []
    for row in cells:
        if not ''.join(row).strip():
            continue
        assert len(row) == len(titles)
        row = dict(zip(titles, row, strict=True))
        box = [row[f'box_{axis}'] for axis in 'xywh']
        assert all(re.fullmatch(r'\s*[-+]?[\d.]+(e[-+]?\d+)?\s*', cell, re.A | re.I)
                   for cell in box)
        assert re.fullmatch('[0-9]*', row.get('frame', ''))
        name = row['image']
        rows.append((name[1:] if name.startswith("'=") else name,
                     int(row.get('frame') or '0'), corners([float(v) for v in box])))
    check_found(reader, rows, folder)
    return True
