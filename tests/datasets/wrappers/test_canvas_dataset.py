"""Samples from canvases are those from photos."""

import cv2
import numpy as np
import pytest
from mmengine.registry import init_default_scope

from mmwing.datasets.face import FaceLandmarkDataset, SyntheticFaceDataset
from mmwing.datasets.wrappers import CanvasDataset, PoseBalancedDataset
from mmwing.files import write_json

STEPS = [dict(type='mmwing.LoadCachedImage'),
         dict(type='mmwing.RemoveLabelOffset', offset=0.7),
         dict(type='GetBBoxCenterScale')]
CROP = [*STEPS, dict(type='mmwing.FaceAffine', input_size=(40, 40)),
        dict(type='PackPoseInputs', pack_transformed=True)]


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmpose')


@pytest.fixture(scope='module')
def photos(tmp_path_factory):
    """Config of a data set: smooth photos with a small, a large and a cut-off face."""
    root = tmp_path_factory.mktemp('photos')
    rng = np.random.default_rng(0)
    images, annotations = [], []
    faces = (180, 120, 50), (60, 40, 260), (-10, 90, 90)
    for index, (x, y, side) in enumerate(faces):
        noise = rng.integers(0, 256, (15, 17, 3), np.uint8)
        cv2.imwrite(str(root / f'{index}.png'),
                    cv2.resize(noise, (421, 373), interpolation=cv2.INTER_CUBIC))
        points = rng.uniform(0.1, 0.9, (4, 2)) * side + (x, y)
        images.append(dict(id=index, file_name=f'{index}.png', width=421, height=373))
        annotations.append(dict(
            id=index + 5, image_id=index, category_id=1, bbox=[x, y, side, side],
            keypoints=np.column_stack([points, [2] * 4]).ravel().tolist()))
    write_json(root / 'faces.json', dict(
        images=images, annotations=annotations, categories=[dict(id=1, name='face')]))
    return dict(type='mmwing.FaceLandmarkDataset', ann_file='faces.json',
                data_root=str(root), metainfo=dict(
                    num_points=4, flip_pairs=[[0, 1]]))


def built(photos, **changes):
    return CanvasDataset(**{**dict(dataset=photos, pipeline=CROP, size=100, context=2.,
                                   cache_dir=None), **changes})


def of_photos(photos, pipeline=CROP):
    return FaceLandmarkDataset(**{key: value for key, value in photos.items()
                                  if key != 'type'}, pipeline=pipeline)


def test_samples_are_those_of_the_photos(photos):
    ours, theirs = built(photos), of_photos(photos)
    assert len(ours) == len(theirs) == 3
    for index in range(3):
        a, b = ours[index], theirs[index]
        off = np.abs(a['inputs'].numpy().astype(int) - b['inputs'].numpy())
        # A copy of the pixels; and canvases that were shrunk, so sampled twice.
        assert off.mean() < (0.01, 2, 1)[index]
        a, b = a['data_samples'], b['data_samples']
        for key in ('keypoints', 'transformed_keypoints', 'keypoints_visible',
                    'bboxes'):
            np.testing.assert_array_equal(a.gt_instances[key], b.gt_instances[key])
        for key in ('id', 'img_path', 'ori_shape', 'img_shape', 'input_size',
                    'flip_indices'):
            assert a.metainfo[key] == b.metainfo[key], key
        for key in ('input_center', 'input_scale'):
            np.testing.assert_array_equal(a.metainfo[key], b.metainfo[key])


def test_a_file_serves_what_is_cut_anew(photos, tmp_path):
    kept, anew = built(photos, cache_dir=tmp_path / 'cache'), built(photos)
    for index in range(3):
        np.testing.assert_array_equal(kept[index]['inputs'], anew[index]['inputs'])
        a, b = (each[index]['data_samples'] for each in (kept, anew))
        assert a.metainfo['ori_shape'] == b.metainfo['ori_shape'] == (373, 421)


def test_prepared_canvases_are_found(photos, tmp_path):
    root = tmp_path / 'root'
    root.mkdir()
    for name in ('faces.json', '0.png', '1.png', '2.png'):
        (root / name).symlink_to(f'{photos["data_root"]}/{name}')
    photos = dict(photos, data_root=str(root))
    made = built(photos, cache_dir=root / 'canvases').store
    found = built(photos, cache_dir=tmp_path / 'other').store
    assert found.file == made.file and not (tmp_path / 'other').exists()


def test_balancing_takes_it(photos, tmp_path):
    painted = dict(type='mmwing.SyntheticFaceDataset', num_samples=12, image_size=48)
    balanced = PoseBalancedDataset(built(painted, size=48), num_bins=3)
    assert len(balanced) >= 12 and balanced[0]['inputs'].shape == (3, 40, 40)


def test_painted_faces_are_what_their_data_set_paints():
    arguments = dict(num_samples=2, image_size=48, bbox_scale=1.)
    painted = SyntheticFaceDataset(**arguments, pipeline=CROP)
    ours = built(dict(type='mmwing.SyntheticFaceDataset', **arguments), size=96)
    np.testing.assert_array_equal(ours[1]['inputs'], painted[1]['inputs'])


@pytest.mark.parametrize(('pipeline', 'message'), [
    ([*STEPS, dict(type='TopdownAffine', input_size=(40, 40))],
     'TopdownAffine stands before the crop'),
    ([STEPS[0], dict(type='PhotometricDistortion'), *CROP[1:]],
     'PhotometricDistortion stands before the crop'),
    (STEPS, 'must have one of')])
def test_a_pipeline_that_would_take_a_canvas_for_the_photo(pipeline, message, photos):
    with pytest.raises(ValueError, match=message):
        built(photos, pipeline=pipeline)


def test_a_crop_beyond_the_canvas_is_refused(photos):
    large = [*STEPS, dict(type='mmwing.FaceContext', factor=2.), *CROP[3:]]
    with pytest.raises(ValueError, match=r"canvas of the face in '.*2\.png'"):
        built(photos, pipeline=large)[2]


def test_a_centre_and_a_scale_go_before_the_box(photos):
    class Centred(FaceLandmarkDataset):
        """As MMPose's WFLW, whose annotations have both."""

        def load_data_list(self):
            return [dict(face, bbox_center=face['bbox'][:, :2] + 40.,
                         bbox_scale=np.full((1, 2), 60.))
                    for face in super().load_data_list()]
    centred = Centred(**{key: value for key, value in photos.items() if key != 'type'})
    store = CanvasDataset(centred, CROP, 100, 2., cache_dir=None).store
    middle = store.regions.corner + (store.regions.side[:, None] - 1) / 2
    assert np.abs(middle[:2] - ((180, 120), (60, 40)) - 40).max() <= 0.5


def test_more_than_one_box(photos):
    class Pair(FaceLandmarkDataset):
        def load_data_list(self):
            return [dict(face, bbox=np.zeros((2, 4), np.float32))
                    for face in super().load_data_list()]
    pair = Pair(**{key: value for key, value in photos.items() if key != 'type'})
    with pytest.raises(ValueError, match=r'one box \(1, 4\) in each sample'):
        CanvasDataset(pair, CROP, 40, 2.)


def test_a_flag_that_is_none_is_named(photos):
    with pytest.raises(TypeError, match="resident must be True or False, got 'no'"):
        built(photos, resident='no')
