import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from mmpose.datasets.transforms import GetBBoxCenterScale

from mmwing.datasets.transforms import BoxFromFile


def face(identity=0, image=5):
    return {'id': identity, 'img_id': image,
            'bbox': np.array([[10, 10, 30, 30]], np.float32),
            'bbox_center': np.array([[20, 20]], np.float32),
            'bbox_scale': np.array([[25, 25]], np.float32)}


@pytest.fixture
def write(tmp_path):
    def write_json(content):
        path = tmp_path / 'boxes.json'
        path.write_text(json.dumps(content))
        return path
    return write_json


def test_detection_that_overlaps_most_is_taken(write):
    path = write([{'image_id': 5, 'bbox': [100, 100, 20, 20], 'score': 0.9},
                  {'image_id': 5, 'bbox': [12, 8, 20, 24], 'score': 0.2},
                  {'image_id': 5, 'bbox': [25, 25, 20, 20], 'score': 0.8},
                  {'image_id': 6, 'bbox': [10, 10, 20, 20], 'score': 1}])
    result = GetBBoxCenterScale(padding=1.5).transform(
        BoxFromFile(path).transform(face()))
    np.testing.assert_array_equal(result['bbox'], face()['bbox'])
    np.testing.assert_allclose(result['bbox_center'], [[22, 20]])
    np.testing.assert_allclose(result['bbox_scale'], [[30, 36]])


def test_detections_are_of_faces_and_of_no_crowds(write, monkeypatch):
    texts = []
    monkeypatch.setattr('mmengine.logging.MMLogger.warning',
                        lambda self, text, *args: texts.append(text))
    here = {'image_id': 5, 'bbox': [10, 10, 20, 20]}
    detections = [{'image_id': 5, 'bbox': [12, 12, 20, 20]}, {**here, 'iscrowd': 1}]
    step = BoxFromFile(write(detections))
    np.testing.assert_allclose(step.transform(face())['bbox_center'], [[22, 22]])
    text, = texts
    assert 'boxes.json: 1 annotations have iscrowd set' in text
    path = write([{**here, 'category_id': 1}, {**here, 'category_id': 3}])
    with pytest.raises(ValueError, match='several categories: .*only the faces'):
        BoxFromFile(path)


def test_annotations_are_found_by_id(write):
    path = write({'annotations': [{'id': 3, 'detector_bbox': [1, 2, 3, 4]},
                                  {'id': 4, 'bbox': [0, 0, 1, 1]}]})
    result = BoxFromFile(path).transform(face(3))
    np.testing.assert_allclose(result['bbox_center'], [[2.5, 4]])
    np.testing.assert_allclose(result['bbox_scale'], [[3, 4]])


@pytest.mark.parametrize('content', [
    [{'image_id': 6, 'bbox': [10, 10, 20, 20]}],
    [{'image_id': 5, 'bbox': [100, 100, 20, 20]}],
    {'annotations': [{'id': 9, 'detector_bbox': [1, 2, 3, 4]}]}])
def test_face_without_a_detection(write, content):
    path = write(content)
    with pytest.raises(ValueError, match='has no box for face 0 of image 5'):
        BoxFromFile(path).transform(face())
    kept = BoxFromFile(path, missing='keep').transform(face())
    for key, value in face().items():
        np.testing.assert_array_equal(kept[key], value)


@pytest.mark.parametrize(('content', 'message'), [
    ([], 'holds no box'), ({'annotations': [{'id': 1}]}, 'holds no box'),
    ([{'bbox': [1, 2, 3, 4]}], 'list of COCO detections'),
    ({'images': []}, 'list of COCO detections'), ([1], 'list of COCO detections'),
    ([{'image_id': 5, 'bbox': '1234'}], r'detections\[0\]: bbox must be x, y'),
    ([{'image_id': [5], 'bbox': [1, 2, 3, 4]}], 'image_id must be a whole number'),
    ([{'image_id': True, 'bbox': [1, 2, 3, 4]}], 'image_id must be a whole number'),
    ([{'image_id': 5, 'bbox': [1, 2, 10**400, 4]}], 'too many digits'),
    ([{'image_id': 5, 'bbox': [1, 2, float('nan'), 4]}], 'no box x, y, width, height'),
    ([{'image_id': 5, 'bbox': [1, 2, -3, 4]}], 'no box x, y, width, height'),
    ({'annotations': [{'id': 1, 'detector_bbox': [1, 2, 3, 4]}] * 2},
     r'annotations\[1\]: the id 1 is there twice')])
def test_file_without_boxes(write, content, message):
    with pytest.raises(ValueError, match=message):
        BoxFromFile(write(content))


@pytest.mark.parametrize('name', ['boxes.yaml', 'boxes.pkl', 'boxes.json'])
@pytest.mark.parametrize('hostile', ['yaml', 'pickle'])
def test_no_file_runs_code(name, hostile, tmp_path):
    """MMEngine reads by the suffix, and executes what YAML and pickles ask for."""
    trace = tmp_path / 'trace'

    class Hostile:
        def __reduce__(self):
            return Path.touch, (trace, )

    (tmp_path / name).write_bytes(
        pickle.dumps([Hostile()]) if hostile == 'pickle' else
        f'- !!python/object/apply:os.mkdir ["{trace}"]\n'.encode())
    with pytest.raises(ValueError, match=f'{name}.*must be a JSON file'):
        BoxFromFile(tmp_path / name)
    assert not trace.exists()


def test_boxes_are_read_as_json_whatever_the_name(write, tmp_path):
    path = write([{'image_id': 5, 'bbox': [10, 10, 20, 20]}])
    other = tmp_path / 'boxes.txt'
    other.write_text('\ufeff' + path.read_text(), encoding='utf-8')
    np.testing.assert_allclose(BoxFromFile(other).find(face()), [10, 10, 30, 30])


def test_bad_choice(write):
    with pytest.raises(ValueError, match='missing must be one of'):
        BoxFromFile(write([]), missing='drop')
