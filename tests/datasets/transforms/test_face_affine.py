"""One exact warp: landmarks follow the pixels through every transform."""

import cv2
import numpy as np
import pytest
from mmpose.datasets.transforms import RandomFlip, TopdownAffine

from mmwing.datasets.transforms import (
    FaceAffine,
    RandomColor,
    RandomFaceBox,
    RandomGaussianBlur,
    RandomOcclusion,
)


def augment(sample, size=(64, 64), antialias=True, seed=0, **box):
    np.random.seed(seed)
    return FaceAffine(size, antialias=antialias)(RandomFaceBox(**box)(sample))


@pytest.mark.parametrize('antialias', [True, False])
@pytest.mark.parametrize('size', [(64, 64), (61, 85), (128, 96)])
@pytest.mark.parametrize('seed', range(6))
def test_painted_dots_are_where_the_landmarks_are(painted_sample, dot_centres, size,
                                                  antialias, seed):
    results = augment(painted_sample(seed), size, antialias, seed)
    landmarks = results['transformed_keypoints'][0]
    found = dot_centres(results['img'], landmarks)
    np.testing.assert_allclose(found, landmarks, atol=0.06)


@pytest.mark.parametrize('flip_prob', [0., 1.])
@pytest.mark.parametrize('seed', range(4))
def test_warp_then_unwarp_returns_the_landmarks(painted_sample, flip_prob, seed):
    before = painted_sample(seed)['keypoints']
    results = augment(painted_sample(seed), seed=seed, flip_prob=flip_prob)
    inverse = cv2.invertAffineTransform(results['warp_mat'])
    back = results['transformed_keypoints'][0] @ inverse[:, :2].T + inverse[:, 2]
    if flip_prob:
        before = before[:, results['flip_indices']]
    np.testing.assert_allclose(back, before[0], atol=1e-4)
    assert (np.linalg.det(results['warp_mat'][:, :2]) < 0) == bool(flip_prob)


@pytest.mark.parametrize('size', [(64, 64), (48, 80)])
def test_mirror_equals_flipping_the_image_first(painted_sample, size):
    theirs = painted_sample()
    theirs['bbox_rotation'] = np.array([17.], np.float32)
    theirs = TopdownAffine(size)(RandomFlip(prob=1.)(theirs))

    ours = RandomFaceBox(rotation=0, jitter=0, flip_prob=1)(painted_sample())
    ours['bbox_rotation'] = np.array([17.], np.float32)
    ours = FaceAffine(size, antialias=False)(ours)

    np.testing.assert_allclose(ours['transformed_keypoints'],
                               theirs['transformed_keypoints'], atol=1e-4)
    np.testing.assert_allclose(ours['img'].astype(int), theirs['img'], atol=2)
    np.testing.assert_array_equal(ours['keypoints_visible'],
                                  theirs['keypoints_visible'])


@pytest.mark.parametrize('flip_prob', [0., 1.])
@pytest.mark.parametrize('per_landmark', [(), (2, )])
def test_mirror_gives_landmarks_the_index_of_their_partner(painted_sample, flip_prob,
                                                           per_landmark):
    before, results = painted_sample(), painted_sample()
    visible = np.random.default_rng(0).random((1, 5, *per_landmark)).astype(np.float32)
    results['keypoints_visible'] = visible.copy()
    results = FaceAffine((64, 64))(RandomFaceBox(flip_prob=flip_prob)(results))
    order = before['flip_indices'] if flip_prob else np.arange(5)
    np.testing.assert_array_equal(results['keypoints'], before['keypoints'][:, order])
    np.testing.assert_array_equal(results['keypoints_visible'], visible[:, order])
    matrix = results['warp_mat']
    np.testing.assert_allclose(
        results['transformed_keypoints'],
        results['keypoints'] @ matrix[:, :2].T + matrix[:, 2], atol=1e-4)
    # What MMPose packs, in the place of the request.
    assert results['flip'] is bool(flip_prob)
    assert results['flip_direction'] == ('horizontal' if flip_prob else None)
    assert 'bbox_mirrored' not in results


def test_without_augmentation_equals_mmpose(painted_sample):
    theirs = TopdownAffine((64, 48))(painted_sample())
    ours = FaceAffine((64, 48), antialias=False)(painted_sample())
    np.testing.assert_array_equal(ours['img'], theirs['img'])
    for key in ('input_size', 'input_center', 'input_scale', 'bbox_scale'):
        np.testing.assert_array_equal(ours[key], theirs[key])
    np.testing.assert_allclose(ours['transformed_keypoints'],
                               theirs['transformed_keypoints'], atol=1e-5)


def test_regressed_coordinates_return_to_the_image(painted_sample):
    # The mapping of TopdownPoseEstimator.add_pred_to_datasample.
    results = FaceAffine((61, 85))(painted_sample())
    size, scale = np.array(results['input_size']), results['input_scale']
    back = (results['transformed_keypoints'] / size * scale +
            results['input_center'] - 0.5 * scale)
    np.testing.assert_allclose(back, results['keypoints'], atol=1e-4)


@pytest.mark.parametrize('ratio', [2, 3, 5, 30])
def test_antialiasing_removes_what_the_input_cannot_show(ratio):
    # A checkerboard finer than the output's pixels is grey at that resolution.
    side = 64 * ratio + 40
    board = (np.indices((side, side)).sum(0) % 2 * 255).astype(np.uint8)
    sample = dict(img=board[..., None].repeat(3, 2),
                  bbox_center=np.full((1, 2), side / 2, np.float32),
                  bbox_scale=np.full((1, 2), 64 * ratio + 0.7, np.float32))
    spread = [FaceAffine((64, 64), antialias)(dict(sample))['img'].std()
              for antialias in (True, False)]
    assert spread[0] < 30
    assert spread[0] < 0.6 * spread[1]


def test_enlarging_does_not_supersample(painted_sample):
    plain, smooth = (FaceAffine((256, 256), antialias)(painted_sample())['img']
                     for antialias in (False, True))
    np.testing.assert_array_equal(plain, smooth)


def test_image_is_not_written_to(painted_sample):
    # Cached images are read-only.
    sample = painted_sample()
    sample['img'].flags.writeable = False
    np.random.seed(0)
    results = FaceAffine((64, 64))(RandomFaceBox()(sample))
    for transform in (RandomColor(prob=1), RandomGaussianBlur(prob=1),
                      RandomOcclusion(prob=1)):
        results['img'].flags.writeable = False
        results = transform(results)
    assert results['img'].shape == (64, 64, 3)


@pytest.mark.parametrize('transform', [
    RandomColor(prob=1), RandomGaussianBlur(prob=1), RandomOcclusion(prob=1)])
def test_pixel_transforms_leave_landmarks_alone(painted_sample, transform):
    results = augment(painted_sample())
    before = {key: results[key].copy()
              for key in ('transformed_keypoints', 'keypoints_visible', 'warp_mat')}
    pixels = results['img'].copy()
    results = transform(results)
    assert not np.array_equal(results['img'], pixels)
    for key, value in before.items():
        np.testing.assert_array_equal(results[key], value)


def test_list_of_images(painted_sample):
    sample = painted_sample()
    single = FaceAffine((64, 64))(painted_sample())['img']
    sample['img'] = [sample['img'], sample['img']]
    results = FaceAffine((64, 64))(sample)
    assert len(results['img']) == 2
    np.testing.assert_array_equal(results['img'][1], single)


def test_unannotated_sample(painted_sample):
    sample = painted_sample()
    del sample['keypoints'], sample['keypoints_visible']
    results = FaceAffine((64, 64))(sample)
    assert results['transformed_keypoints'].shape == ()


def test_several_boxes_are_refused(painted_sample):
    sample = painted_sample()
    sample['bbox_center'] = np.repeat(sample['bbox_center'], 2, 0)
    with pytest.raises(ValueError, match='one face a sample'):
        FaceAffine((64, 64))(sample)


@pytest.mark.parametrize('key, value', [
    ('bbox_scale', 0.), ('bbox_scale', -3.), ('bbox_scale', np.nan),
    ('bbox_center', np.inf)])
def test_broken_boxes_name_the_image(painted_sample, key, value):
    sample = painted_sample()
    sample[key][:] = value
    with pytest.raises(ValueError, match="positive size.*'painted'"):
        FaceAffine((64, 64))(sample)


@pytest.mark.parametrize('size', [(64, ), (64, 0), (64., 64.), (1, 2, 3)])
def test_bad_input_size(size):
    with pytest.raises(ValueError, match='input_size'):
        FaceAffine(size)
