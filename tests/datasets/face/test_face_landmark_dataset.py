"""A user's own faces as samples of MMPose."""

import json
from pathlib import Path

import numpy as np
import pytest
from mmengine.registry import init_default_scope
from PIL import Image

from mmwing.registry import DATASETS

METAINFO = {'num_points': 3, 'flip_pairs': [[0, 1]]}
PIPELINE = [
    {'type': 'mmwing.LoadCachedImage'}, {'type': 'GetBBoxCenterScale'},
    {'type': 'mmwing.RandomFaceBox'}, {'type': 'mmwing.FaceAffine',
                                       'input_size': (32, 32)},
    {'type': 'GenerateTarget', 'encoder': {'type': 'mmwing.DirectRegressionLabel',
                                           'input_size': (32, 32)}},
    {'type': 'PackPoseInputs'}]


@pytest.fixture
def content(tmp_path):
    init_default_scope('mmpose')
    Image.new('RGB', (64, 48)).save(tmp_path / 'a.png')
    faces = [[10, 10, 2, 40, 10, 1, 25, 30, 0], [0] * 9, [5, 5, 1, 9, 5, 1, 7, 9, 1]]
    return {
        'images': [{'id': 1, 'file_name': 'a.png', 'width': 64, 'height': 48}],
        'annotations': [
            {'id': index, 'image_id': 1, 'keypoints': points}
            for index, points in enumerate(faces)]}


def build(folder, content, **kwargs):
    (folder / 'ann.json').write_text(json.dumps(content))
    return DATASETS.build({
        'type': 'mmwing.FaceLandmarkDataset', 'ann_file': 'ann.json',
        'data_root': str(folder), 'metainfo': METAINFO, **kwargs})


def test_samples(tmp_path, content):
    content['annotations'][2]['bbox'] = [-6, 2, 20, 22]
    dataset = build(tmp_path, content)
    assert len(dataset) == 2  # the second face has no annotated point
    first, last = dataset.get_data_info(0), dataset.get_data_info(1)
    np.testing.assert_array_equal(first['keypoints_visible'], [[1, 1, 0]])
    np.testing.assert_array_equal(first['keypoints'], [[[10, 10], [40, 10], [0, 0]]])
    assert first['flip_indices'] == [1, 0, 2]
    np.testing.assert_array_equal(last['bbox'], [[-6, 2, 14, 24]])  # not clipped
    tight = build(tmp_path, content, landmark_box=True).get_data_info(1)
    np.testing.assert_array_equal(tight['bbox'], [[5, 5, 9, 9]])


def test_the_description_of_the_points_is_not_copied_for_each_face(
        tmp_path, content, monkeypatch):
    """With 98 points a copy takes ten times as long as reading a face."""
    copied = []
    monkeypatch.setattr('mmengine.dataset.base_dataset.copy.deepcopy',
                        lambda value: copied.append(value) or value)
    counts = []
    for times in (1, 20):
        more = [{**face, 'id': f'{number}-{face["id"]}'} for number in range(times)
                for face in content['annotations']]
        copied.clear()
        assert len(build(tmp_path, {**content, 'annotations': more})) == 2 * times
        counts.append(len(copied))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(('box', 'message'), [
    ([3, 3, 0, 0], 'box is 0 x 0'), ([3, 3, -4, 9], 'box is -4 x 9'),
    ([3, 3, float('nan'), 9], 'box is nan x 9')])
def test_empty_boxes_are_refused_by_name(tmp_path, content, box, message):
    content['annotations'][0]['bbox'] = box
    with pytest.raises(ValueError, match=rf'id 0, a\.png.*{message}'):
        build(tmp_path, content)


def test_other_number_of_points_is_refused_by_name(tmp_path, content):
    content['annotations'][2]['keypoints'] += [1, 1, 1]
    with pytest.raises(ValueError, match=r'id 2, a\.png. has 4 points, but the data '
                                         r"set 'points' has 3.*mmwing check"):
        build(tmp_path, content)


def test_unannotated_points_weigh_nothing_through_the_pipeline(tmp_path, content):
    sample = build(tmp_path, content, pipeline=PIPELINE)[0]['data_samples']
    labels = sample.gt_instance_labels
    np.testing.assert_array_equal(labels.keypoint_weights, [[1, 1, 0]])
    assert labels.keypoint_labels.shape == (1, 3, 2)


def test_pts_folder_and_points_file_in_the_data_root(tmp_path):
    folder = tmp_path / 'train'
    folder.mkdir()
    Image.new('RGB', (64, 48)).save(folder / 'a.jpg')
    (folder / 'a.pts').write_text('n_points: 3\n{\n11 11\n41 11\n26 31\n}\n')
    (tmp_path / 'points.json').write_text(json.dumps(METAINFO))
    dataset = DATASETS.build({
        'type': 'mmwing.FaceLandmarkDataset', 'data_root': str(tmp_path),
        'ann_file': 'train', 'metainfo': {'from_file': 'points.json'}})
    np.testing.assert_array_equal(dataset.get_data_info(0)['bbox'], [[10, 10, 40, 30]])
    assert dataset.metainfo['dataset_name'] == 'points'


def test_paths_may_be_objects(tmp_path, content):
    for places in (dict(ann_file=tmp_path / 'ann.json', data_root=None),
                   dict(ann_file=Path('ann.json'), data_root=tmp_path),
                   dict(data_prefix=dict(img=tmp_path))):
        dataset = build(tmp_path, content, **places)
        assert dataset.get_data_info(0)['img_path'] == str(tmp_path / 'a.png')


@pytest.mark.parametrize('indices', [1, -1, [1], range(1)])
def test_indices_choose_samples(tmp_path, content, indices):
    assert len(build(tmp_path, content, indices=indices)) == 1


def test_without_data_root_images_lie_beside_the_annotations(tmp_path, content):
    dataset = build(tmp_path, content, ann_file=str(tmp_path / 'ann.json'),
                    data_root=None)
    assert dataset.get_data_info(0)['img_path'] == str(tmp_path / 'a.png')


def test_crowds_are_left_out_and_an_interval_thins(tmp_path, content):
    assert len(build(tmp_path, content, sample_interval=2)) == 1
    content['annotations'][0]['iscrowd'] = 1
    assert len(build(tmp_path, content)) == 1
    content['annotations'] = content['annotations'][:2]
    with pytest.raises(ValueError, match='no annotated face .2 entries'):
        build(tmp_path, content)


@pytest.fixture
def said(monkeypatch):
    """What is logged as a warning."""
    texts = []
    monkeypatch.setattr('mmengine.logging.MMLogger.warning',
                        lambda self, text, *args: texts.append(text))
    return texts


def test_crowds_are_counted_once(tmp_path, content, said):
    content['annotations'][0]['iscrowd'] = 1
    build(tmp_path, content)
    text, = said
    assert '1 annotations have iscrowd set' in text and '(id 0, a.png)' in text


def test_labels_in_no_image_are_refused_by_name(tmp_path, content):
    content['annotations'][2]['keypoints'][3] = 1e20
    with pytest.raises(ValueError, match=r'id 2, a\.png\): point 1 is at .*no image'):
        build(tmp_path, content)


def test_a_visibility_that_is_none_is_refused_by_name(tmp_path, content):
    content['annotations'][2]['keypoints'][5] = 3
    with pytest.raises(ValueError, match=r'id 2, a\.png\): visibility must be 0, 1 or'):
        build(tmp_path, content)


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_points_that_are_no_numbers_do_not_count_and_are_named(
        tmp_path, content, said, value):
    content['annotations'][2]['keypoints'][3] = value
    visible = build(tmp_path, content).get_data_info(1)['keypoints_visible']
    np.testing.assert_array_equal(visible, [[1, 0, 1]])
    text, = said
    assert 'in 1 faces' in text and '(id 2, a.png)' in text


def test_boxes_given_by_corners_are_named(tmp_path, content, said):
    points = [[10, 10, 2, 40, 10, 1, 25, 30, 1]] * 6
    content['annotations'] = [
        {'id': index, 'image_id': 1, 'keypoints': face, 'bbox': [8, 8, 42, 32]}
        for index, face in enumerate(points)]
    build(tmp_path, content)
    assert 'bbox of 6 faces fits the points as x1, y1, x2, y2' in said[0]
    said.clear()
    build(tmp_path, content, landmark_box=True)
    for annotation in content['annotations']:
        annotation['bbox'] = [8, 8, 34, 24]
    build(tmp_path, content)
    assert said == []


@pytest.mark.parametrize(('argument', 'error', 'message'), [
    ({'metainfo': None}, ValueError, 'metainfo is needed'),
    ({'metainfo': 'points.yaml'}, TypeError, 'must be a dict, such as dict.from_file'),
    ({'metainfo': {'from_file': 'no.yaml'}}, FileNotFoundError, 'no.yaml'),
    ({'data_mode': 'bottomup'}, ValueError, "must be 'topdown'"),
    ({'bbox_file': 'boxes.json', 'test_mode': True}, ValueError, 'bbox_file'),
    ({'ann_file': 'no.json'}, FileNotFoundError, 'no.json'),
    ({'origin': 3}, ValueError, 'origin'),
    ({'metainfo': 3}, TypeError, 'metainfo must be a dict, such as dict.* got 3'),
    ({'landmark_box': 'no'}, TypeError, 'landmark_box must be True or False'),
    ({'ann_file': 3}, TypeError, 'ann_file must be a path, got 3'),
    ({'data_root': 3}, TypeError, 'data_root must be a path, got 3'),
    ({'data_prefix': 'images/'}, TypeError, 'data_prefix must be a dict, such as'),
    ({'data_prefix': {'img': 3}}, TypeError, "data_prefix.'img'. must be a path"),
    ({'sample_interval': '2'}, ValueError, "sample_interval must .* got '2'"),
    ({'sample_interval': 0}, ValueError, 'sample_interval must'),
    ({'indices': 0}, ValueError, 'indices leaves no sample, got 0'),
    ({'indices': []}, ValueError, 'indices leaves no sample'),
    ({'indices': '1'}, TypeError, "indices must be .* got '1'")])
def test_bad_arguments(tmp_path, content, argument, error, message):
    with pytest.raises(error, match=message):
        build(tmp_path, content, **argument)
