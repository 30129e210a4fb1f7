import copy
import pickle

import cv2
import numpy as np
import pytest

import mmwing  # noqa: F401  (prepares the stack, hence before mmpose)

# isort: split
from mmengine.dataset import pseudo_collate
from mmpose.evaluation.metrics import NME
from mmpose.registry import DATASETS as MMPOSE_DATASETS
from mmpose.utils import register_all_modules
from torch.utils.data import DataLoader

from mmwing.datasets.face import SyntheticFaceDataset, synthetic_face_dataset
from mmwing.datasets.face.face_model import MEAN_SHAPE, random_face
from mmwing.datasets.face.painter import face_landmarks, paint_face
from mmwing.datasets.face.painter.canvas import Canvas

PIPELINE = [
    {'type': 'LoadImage'},
    {'type': 'GetBBoxCenterScale', 'padding': 1.0},
    {'type': 'TopdownAffine', 'input_size': (64, 64)},
    {'type': 'GenerateTarget',
         'encoder': {'type': 'RegressionLabel', 'input_size': (64, 64)}},
    {'type': 'PackPoseInputs'},
]


@pytest.fixture
def no_painting(monkeypatch):
    def refuse(*args):
        raise AssertionError('painted a face')

    def install():
        monkeypatch.setattr(synthetic_face_dataset, 'paint_face', refuse)

    return install


def sample_faces(count=200, size=128):
    return [random_face(np.random.default_rng([3, i]), size) for i in range(count)]


# --------------------------------------------------------------------- painter

def test_same_arguments_give_the_same_picture():
    first, points = paint_face(5, 7)
    np.random.seed(0)
    cv2.setRNGSeed(1)
    again, points_again = paint_face(5, 7)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(points, points_again)


def test_seed_and_index_both_matter():
    pictures = [paint_face(s, i)[0] for s, i in ((0, 1), (1, 0), (0, 0), (1, 1))]
    for i, one in enumerate(pictures):
        for other in pictures[i + 1:]:
            assert np.abs(one.astype(int) - other).mean() > 5


@pytest.mark.parametrize('size', [32, 61, 128, 256])
def test_picture_and_landmarks(size):
    for index in range(8):
        picture, points = paint_face(2, index, size)
        assert picture.shape == (size, size, 3) and picture.dtype == np.uint8
        assert points.shape == (68, 2)
        assert points.min() >= 0 and points.max() <= size - 1
        np.testing.assert_array_equal(points, face_landmarks(2, index, size))


def test_landmarks_scale_with_the_canvas():
    small, large = face_landmarks(0, 4, 100), face_landmarks(0, 4, 300)
    np.testing.assert_allclose((small + .5) * 3, large + .5, atol=1e-9)


def test_mean_shape_is_symmetric_under_the_flip_pairs():
    flip = SyntheticFaceDataset(1).metainfo['flip_indices']
    np.testing.assert_allclose(MEAN_SHAPE[flip] * (-1, 1, 1), MEAN_SHAPE)


def test_faces_vary_in_pose_and_expression():
    faces = sample_faces()
    yaw = np.rad2deg([f.yaw for f in faces])
    assert yaw.max() > 50 and yaw.min() < -50 and np.abs(yaw).max() <= 60
    assert np.std([f.pitch for f in faces]) > np.deg2rad(5)
    assert np.std([f.roll for f in faces]) > np.deg2rad(5)
    opening = np.array([np.linalg.norm(f.landmarks[62] - f.landmarks[66])
                        / np.linalg.norm(f.landmarks[27] - f.landmarks[8])
                        for f in faces])
    assert np.quantile(opening, .1) < .05 and np.quantile(opening, .95) > .15
    assert any(min(f.eye_open) == 0 for f in faces)


def test_far_contour_lies_on_the_silhouette():
    """Turned away, a contour point moves outwards from its place on the skull."""
    for face in sample_faces():
        unrolled = np.array([[np.cos(face.roll), np.sin(face.roll)],
                             [-np.sin(face.roll), np.cos(face.roll)]])
        seen = face.landmarks[:17] @ unrolled.T
        fixed = face.camera(face.shape[:17]) @ unrolled.T
        moved = (seen - fixed)[:, 0] / face.camera.scale
        left, right = moved[:8], moved[9:]
        assert left.max() < 1e-9 and right.min() > -1e-9
        far, near = (left, right) if face.yaw < 0 else (-right, -left)
        if abs(face.yaw) > np.deg2rad(30):
            assert far[:4].max() < 0 or far[-4:].max() < 0
            assert np.abs(near).max() < 1e-9


def test_polygons_are_painted_where_they_are_said_to_be():
    """Area and centre of mass against the exact polygon, at sub-pixel offsets."""
    outline = sample_faces(1)[0].outline
    for shift in (0, .17, .5, .83):
        polygon = outline + shift
        canvas = Canvas(np.zeros((256, 256, 3), np.uint8), sample_faces(1)[0].camera)
        canvas.fill(polygon, (255, 255, 255))
        mass = cv2.resize(canvas.image, (128, 128),
                          interpolation=cv2.INTER_AREA)[..., 0] / 255.0
        exact = cv2.moments(polygon.astype(np.float32))
        centre = np.array([exact['m10'], exact['m01']]) / exact['m00']
        y, x = np.mgrid[:128, :128]
        found = np.array([(mass * x).sum(), (mass * y).sum()]) / mass.sum()
        perimeter = cv2.arcLength(polygon.astype(np.float32), True)
        np.testing.assert_allclose(found, centre, atol=.05)
        assert abs(mass.sum() - exact['m00']) / perimeter < .1  # mean edge error, px


def edges(grey):
    return np.hypot(cv2.Sobel(grey, -1, 1, 0), cv2.Sobel(grey, -1, 0, 1))


def darkness(grey):
    return 255 - grey


@pytest.mark.parametrize('points, strength', [
    (range(1, 16), edges),  # the jaw is an edge of the picture
    ((18, 19, 20, 23, 24, 25), darkness),  # the brows are dark along their middle
])
def test_picture_shows_the_landmarks_where_they_are(points, strength):
    """Profile across the annotated line, averaged over faces, peaks on the line."""
    points = np.array(points)
    offsets = np.arange(-4, 4.01, .5)
    profile = np.zeros(len(offsets))
    for index in range(60):
        picture, marks = paint_face(11, index)
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float32)
        signal = strength(cv2.GaussianBlur(grey, (0, 0), .8))
        along = marks[points + 1] - marks[points - 1]
        normal = along[:, ::-1] * (1, -1) / np.linalg.norm(along, axis=1)[:, None]
        for k, offset in enumerate(offsets):
            where = (marks[points] + offset * normal).astype(np.float32)
            profile[k] += cv2.remap(signal, where[None], None, cv2.INTER_LINEAR).mean()
    assert abs(offsets[profile.argmax()]) <= .5


# -------------------------------------------------------------------- data set

def test_fields_follow_mmpose_face_data_sets():
    dataset = SyntheticFaceDataset(3, seed=1, image_size=96, bbox_scale=1.25)
    info = dataset[2]
    assert info['img'].shape == (96, 96, 3) and info['img'].dtype == np.uint8
    assert info['keypoints'].shape == (1, 68, 2)
    assert info['keypoints'].dtype == np.float32
    assert info['keypoints_visible'].shape == (1, 68)
    assert (info['keypoints_visible'] == 1).all()
    assert info['bbox'].shape == (1, 4) and info['bbox_score'].shape == (1,)
    assert info['id'] == info['img_id'] == 2 and info['category_id'] == 1
    low, high = info['keypoints'][0].min(0), info['keypoints'][0].max(0)
    x1, y1, x2, y2 = info['bbox'][0]
    np.testing.assert_allclose([(x1 + x2) / 2, (y1 + y2) / 2], (low + high) / 2,
                               rtol=1e-5)
    np.testing.assert_allclose([x2 - x1, y2 - y1], 1.25 * (high - low).max(),
                               rtol=1e-5)
    np.testing.assert_allclose(info['box_size'], np.sqrt(np.prod(high - low)),
                               rtol=1e-5)
    assert dataset.metainfo['dataset_name'] == '300w'


def test_annotations_need_no_painting(no_painting):
    no_painting()
    dataset = SyntheticFaceDataset(5)
    assert len(dataset) == len(dataset.load_data_list()) == 5
    with pytest.raises(AssertionError, match='painted'):
        dataset[0]


def test_runs_through_mmpose_pipeline_and_workers():
    register_all_modules()  # makes 'mmpose' the default scope, as a config does
    dataset = MMPOSE_DATASETS.build({
        'type': 'mmwing.SyntheticFaceDataset', 'num_samples': 6, 'pipeline': PIPELINE})
    loader = DataLoader(dataset, batch_size=3, num_workers=2,
                        collate_fn=pseudo_collate)
    batches = list(loader)
    assert len(batches) == 2
    for position, batch in enumerate(batches):
        for k, sample in enumerate(batch['data_samples']):
            inputs = batch['inputs'][k]
            assert tuple(inputs.shape) == (3, 64, 64)
            label = sample.gt_instance_labels.keypoint_labels.numpy()[0]
            info = dataset.get_data_info(3 * position + k)
            corner, side = info['bbox'][0, :2], np.ptp(info['bbox'][0, [0, 2]])
            # MMPose's warp maps the box to pixel centres [0, 63] or corners
            # [0, 64]; they differ by less than a pixel.
            expected = (info['keypoints'][0] - corner) / side
            np.testing.assert_allclose(label, expected, atol=1 / 64)


def test_mmpose_nme_is_zero_for_the_truth():
    metric = NME(norm_mode='keypoint_distance')
    dataset = SyntheticFaceDataset(4, test_mode=True)
    metric.dataset_meta = dataset.metainfo
    for info in dataset:
        gt = {'keypoints': info['keypoints'],
                  'keypoints_visible': info['keypoints_visible']}
        metric.process([], [{'gt_instances': gt, 'pred_instances': gt}])
    assert metric.evaluate(4)['NME'] == 0


@pytest.mark.parametrize('serialize_data', [True, False])
def test_subsets_keep_their_pictures(serialize_data):
    whole = SyntheticFaceDataset(6, seed=3, serialize_data=serialize_data, cache=True)
    subset = whole.get_subset([4, 1])
    chosen = SyntheticFaceDataset(6, seed=3, indices=[4, 1],
                                  serialize_data=serialize_data)
    for part in (subset, chosen):
        assert len(part) == 2
        for k, index in enumerate((4, 1)):
            assert part[k]['img_id'] == index
            np.testing.assert_array_equal(part[k]['img'], whole[index]['img'])
            np.testing.assert_array_equal(part[k]['keypoints'][0],
                                          face_landmarks(3, index).astype(np.float32))


def test_cache_gives_the_same_pictures_and_cannot_be_spoilt():
    plain = SyntheticFaceDataset(3)
    cached = SyntheticFaceDataset(3, cache=True)
    for _ in range(3):
        for index in range(3):
            picture = cached[index]['img']
            np.testing.assert_array_equal(picture, plain[index]['img'])
            picture[:] = 0


def test_workers_fill_the_cache_for_everyone(no_painting):
    dataset = SyntheticFaceDataset(4, cache=True)
    loader = DataLoader(dataset, batch_size=1, num_workers=2,
                        multiprocessing_context='fork', collate_fn=pseudo_collate)
    painted = {int(batch['img_id'][0]): batch['img'][0] for batch in loader}
    no_painting()
    for index in range(4):
        np.testing.assert_array_equal(dataset[index]['img'], painted[index])


@pytest.mark.parametrize('clone', [copy.deepcopy,
                                   lambda d: pickle.loads(pickle.dumps(d))])
def test_data_set_can_be_copied_and_sent_to_another_process(clone):
    dataset = SyntheticFaceDataset(2, cache=True)
    np.testing.assert_array_equal(clone(dataset)[1]['img'], dataset[1]['img'])


def test_pictures_are_not_sent_along_to_another_process():
    dataset = SyntheticFaceDataset(50, cache=True)
    assert len(pickle.dumps(dataset)) < 50 * 128 * 128


def test_mean_shape_in_the_box_is_far_off():
    """There is something to learn: pose and expression are not in the box."""
    truth = np.stack([d['keypoints'][0] for d in
                      SyntheticFaceDataset(300).load_data_list()])
    low = truth.min(1, keepdims=True)
    size = (truth.max(1, keepdims=True) - low).max(-1, keepdims=True)
    mean = ((truth - low) / size).mean(0)
    error = np.linalg.norm(low + mean * size - truth, axis=-1).mean(1)
    ocular = np.linalg.norm(truth[:, 36] - truth[:, 45], axis=-1)
    assert (error / ocular).mean() > .1


@pytest.mark.parametrize('arguments, error, message', [
    ({'num_samples': 0}, ValueError, 'num_samples'),
    ({'num_samples': 2.5}, TypeError, 'num_samples'),
    ({'num_samples': True}, TypeError, 'num_samples'),
    ({'seed': -1}, ValueError, 'seed'),
    ({'seed': 'a'}, TypeError, 'seed'),
    ({'image_size': 8}, ValueError, 'image_size'),
    ({'image_size': (128, 128)}, TypeError, 'image_size'),
    ({'bbox_scale': 0}, ValueError, 'bbox_scale'),
    ({'bbox_scale': float('nan')}, ValueError, 'bbox_scale'),
    ({'bbox_scale': 'big'}, TypeError, 'bbox_scale'),
    ({'data_mode': 'bottomup'}, ValueError, 'data_mode'),
    ({'ann_file': 'x.json'}, TypeError, 'ann_file'),
    ({'num_samples': 2**31, 'image_size': 2**13, 'cache': True}, ValueError, 'cache'),
])
def test_bad_arguments_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        SyntheticFaceDataset(**{'num_samples': 2, **arguments})
