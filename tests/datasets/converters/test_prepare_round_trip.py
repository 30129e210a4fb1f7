"""Authors' format -> prepare -> MMPose's own data set class."""

import json
import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from miniature import write_pts

from mmwing.datasets.converters import CONVERTERS, Kind, prepare
from mmwing.datasets.converters.vw300 import VIDEOS
from mmwing.datasets.formats.boxes import centre_and_scale, whole_pixel_box
from mmwing.registry import DATASETS

FORMATS = list(CONVERTERS)
CLASSES = {'300w': 'Face300WDataset', 'wflw': 'WFLWDataset', 'cofw': 'COFWDataset',
           'aflw': 'AFLWDataset', '300vw': 'Face300VWDataset',
           'pts': 'Face300WDataset'}


def load(out, name, split, **kwargs):
    return DATASETS.build(dict(
        type=CLASSES[name], data_root=str(out), test_mode=True,
        ann_file=f'annotations/{CONVERTERS[name].files[split]}',
        data_prefix={'img': 'images/'}, **kwargs))


def annotations(out, name, split):
    path = out / 'annotations' / CONVERTERS[name].files[split]
    return json.loads(path.read_text())['annotations']


@pytest.mark.parametrize('name', FORMATS)
@pytest.mark.parametrize('images', ['copy', 'link', 'crop'])
def test_mmpose_reads_the_landmarks_and_the_pixels_under_them(
        make, tmp_path, name, images):
    archive = make(name)
    out = tmp_path / 'out'

    report = prepare(name, archive.root, out, images=images,
                     crop=2.0 if images == 'crop' else None, jobs=2)

    assert set(report.counts()) <= {Kind.PARTIAL}
    assert set(report.splits) == set(archive.truth)
    for split, truth in archive.truth.items():
        dataset = load(out, name, split)
        assert len(dataset) == len(truth) == report.splits[split].faces
        for index, points in enumerate(truth):
            info = dataset.get_data_info(index)
            found = info['keypoints'][0]
            shift = found[0] - points[0]
            np.testing.assert_allclose(found, points + shift, atol=1e-4)
            if images != 'crop':
                np.testing.assert_allclose(shift, 0, atol=1e-4)
            pixels = cv2.imread(info['img_path'])
            x, y = np.rint(found).astype(int).T
            if name == '300vw' and split == 'test':
                brightness = 40 * 2 * (index + 1)
                np.testing.assert_allclose(pixels[y, x], brightness, atol=3)
            else:
                assert (pixels[y, x] == 255).all()
            # In the middle of the face, so that the class crops to it.
            centre = info.get('bbox_center', (info['bbox'][:, :2]
                                              + info['bbox'][:, 2:]) / 2)[0]
            middle = (found.min(axis=0) + found.max(axis=0)) / 2
            assert np.abs(centre - middle).max() < 8


def test_the_same_file_whatever_the_number_of_jobs(make, tmp_path):
    archive = make('wflw')
    for jobs in (1, 4):
        prepare('wflw', archive.root, tmp_path / str(jobs), jobs=jobs)
    for split in archive.truth:
        assert (annotations(tmp_path / '1', 'wflw', split)
                == annotations(tmp_path / '4', 'wflw', split))


def test_300w_subsets_and_detector_boxes(make, tmp_path):
    archive = make('300w')
    report = prepare('300w', archive.root, tmp_path / 'out')

    valid = annotations(tmp_path / 'out', '300w', 'valid')
    assert [a['subsets'] for a in valid] == [
        ['full', 'common'], ['full', 'challenging'], ['full', 'common']]
    assert [a.get('detector_bbox') for a in valid] == [None, [10, 20, 50, 70], None]
    test = annotations(tmp_path / 'out', '300w', 'test')
    assert [a['subsets'] for a in test] == [['full', 'indoor'], ['full', 'outdoor']]
    assert report.splits['valid'].subsets == {'full': 3, 'common': 2, 'challenging': 1}
    assert (tmp_path / 'out/images/Test/01_Indoor/image 3.png').is_file()


def test_wflw_attributes_subsets_and_both_boxes(make, tmp_path):
    archive = make('wflw')
    prepare('wflw', archive.root, tmp_path / 'out')

    test = annotations(tmp_path / 'out', 'wflw', 'test')
    assert [a['subsets'] for a in test] == [
        ['full', 'pose', 'blur'], ['full', 'expression', 'make-up'],
        ['full', 'illumination', 'occlusion']]
    assert test[0]['attributes'] == {'pose': 1, 'expression': 0, 'illumination': 0,
                                     'make-up': 0, 'occlusion': 0, 'blur': 1}
    assert test[0]['detector_bbox'] == [30, 20, 60, 50]
    points = archive.truth['test'][0]
    low, high = points.min(axis=0), points.max(axis=0)
    assert test[0]['landmark_bbox'] == [*low, *(high - low)]
    assert test[0]['image_id'] == test[1]['image_id'] != test[2]['image_id']


def test_cofw_occlusion_becomes_visibility(make, tmp_path):
    archive = make('cofw')
    prepare('cofw', archive.root, tmp_path / 'out')
    for annotation in annotations(tmp_path / 'out', 'cofw', 'train'):
        flags = annotation['keypoints'][2::3]
        assert flags == [1 if k % 3 == 0 else 2 for k in range(29)]
        assert annotation['num_keypoints'] == 29
        assert annotation['bbox'] == [30, 20, 60, 50]


def test_aflw_frontal_visibility_and_face_size(make, tmp_path):
    archive = make('aflw')
    prepare('aflw', archive.root, tmp_path / 'out')
    test = annotations(tmp_path / 'out', 'aflw', 'test')
    assert [a['subsets'] for a in test] == [['full'], ['full', 'frontal']]
    assert test[0]['keypoints'][2::3] == [1] * 4 + [2] * 15
    assert load(tmp_path / 'out', 'aflw', 'test').get_data_info(0)['box_size'] == 64
    assert test[0]['center'] == [62, 47]
    assert test[0]['scale'] == 0.32


def test_aflw_face_size_shrinks_with_the_crop(make, tmp_path):
    prepare('aflw', make('aflw').root, tmp_path / 'out', images='crop', crop=2.,
            size=50)
    annotation = annotations(tmp_path / 'out', 'aflw', 'test')[0]
    ratio = annotation['box_size'] / 64
    x, y, w, h = annotation['detector_bbox']
    assert ratio < 1
    np.testing.assert_allclose((w, h), 64 * ratio, atol=1e-4)


def test_300vw_categories(make, tmp_path):
    prepare('300vw', make('300vw').root, tmp_path / 'out')
    for annotation in annotations(tmp_path / 'out', '300vw', 'test'):
        assert annotation['subsets'] == ['full', 'category_1']


def test_300vw_has_50_training_and_64_test_videos():
    splits = [split for split, _ in VIDEOS.values()]
    assert (splits.count('train'), splits.count('test')) == (50, 64)
    subsets = [names[1] for split, names in VIDEOS.values() if split == 'test']
    assert [subsets.count(f'category_{k}') for k in (1, 2, 3)] == [31, 19, 14]


def test_pts_sub_folders_are_subsets(make, tmp_path):
    report = prepare('pts', make('pts').root, tmp_path / 'out')
    assert report.splits['all'].subsets == {'full': 3, 'night': 2}
    assert report.problems == []


def test_origin_overrides_the_authors_convention(make, tmp_path):
    archive = make('pts')
    prepare('pts', archive.root, tmp_path / 'out', origin=0)
    found = annotations(tmp_path / 'out', 'pts', 'all')[0]['keypoints'][:2]
    assert found == (archive.truth['all'][0][0] + 1).tolist()


def test_centre_and_scale_are_those_of_mmposes_released_annotations():
    # Facts of MMPose's WFLW annotations: tight landmark box -> center, scale.
    tight = np.array([[440.696, 122.17], [524.604, 206.4]])
    assert centre_and_scale(whole_pixel_box(tight)) == ((482.5, 164.5), 0.425)


@pytest.mark.skipif('MMWING_FIXTURES' not in os.environ,
                    reason='MMWING_FIXTURES names no folder with real images')
def test_real_300w_faces_get_what_mmpose_released(tmp_path, monkeypatch):
    fixtures = Path(os.environ['MMWING_FIXTURES']).resolve() / '300w'
    monkeypatch.chdir(tmp_path)
    released = json.loads((fixtures / 'test_300w.json').read_text())
    names = {image['id']: image['file_name'] for image in released['images']}
    expected = {names[a['image_id']]: a for a in released['annotations']}
    for name, annotation in expected.items():
        (tmp_path / 'raw').mkdir(exist_ok=True)
        shutil.copy(fixtures / name, tmp_path / 'raw' / name)
        points = np.reshape(annotation['keypoints'], (-1, 3))[:, :2]
        write_pts(tmp_path / 'raw' / Path(name).with_suffix('.pts'), points, origin=0)

    # MMPose's files keep the 1-based coordinates.
    prepare('pts', tmp_path / 'raw', tmp_path / 'out', origin=0)

    images = json.loads(
        (tmp_path / 'out/annotations/face_landmarks_pts.json').read_text())
    names = {image['id']: image for image in images['images']}
    assert len(images['annotations']) == len(expected)
    for found in images['annotations']:
        truth = expected[names[found['image_id']]['file_name']]
        for key in ('center', 'scale', 'bbox', 'area', 'num_keypoints'):
            np.testing.assert_allclose(found[key], truth[key], rtol=1e-5)
