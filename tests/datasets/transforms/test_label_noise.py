"""Wrong labels: the same in each epoch, of the size that was asked for."""

import numpy as np
import pytest

from mmwing.datasets.transforms import KeepLandmarks, LabelNoise


def sample(identity: int = 0, num_joints: int = 68) -> dict:
    return dict(id=identity, keypoints=np.full((1, num_joints, 2), 50, np.float32),
                keypoints_visible=np.ones((1, num_joints), np.float32),
                bbox_scale=np.array([[100, 200]], np.float32))


def offsets(identity: int = 0, num_joints: int = 68, **kwargs) -> np.ndarray:
    results = LabelNoise(**kwargs)(sample(identity, num_joints))
    return results['keypoints'][0] - 50


def test_its_size_is_a_fraction_of_the_shorter_side():
    moved = offsets(num_joints=20000, sigma=0.02)
    assert moved.std(axis=0) == pytest.approx(2, rel=0.03)
    assert np.abs(moved.mean(axis=0)).max() < 0.05
    np.testing.assert_allclose(offsets(sigma=0.04), 2 * offsets(sigma=0.02), rtol=1e-4,
                               atol=1e-4)
    assert not offsets().any()


def test_prob_is_the_share_of_landmarks():
    moved = offsets(num_joints=20000, sigma=0.3, prob=0.1).any(axis=1)
    assert moved.mean() == pytest.approx(0.1, abs=0.01)


def test_a_face_keeps_its_wrong_labels_and_others_have_other_ones():
    first = offsets(3, sigma=0.1)
    np.random.seed(7)
    np.testing.assert_array_equal(first, offsets(3, sigma=0.1))
    assert (first != offsets(4, sigma=0.1)).all()
    assert (first != offsets(3, sigma=0.1, seed=1)).all()


def test_the_annotation_itself_stays_as_it_is():
    results = sample()
    before = results['keypoints']
    LabelNoise(sigma=0.1)(results)
    assert (before == 50).all()


@pytest.mark.parametrize('two', [False, True])
def test_landmarks_that_are_not_kept_lose_their_annotation(two):
    results = sample()
    visible = results['keypoints_visible']
    visible[0, 45] = 0
    if two:
        results['keypoints_visible'] = np.stack([visible, visible], axis=-1)
    kept = KeepLandmarks([45, 36, 30])(results)['keypoints_visible']
    assert np.flatnonzero(kept.reshape(68, -1).any(axis=1)).tolist() == [30, 36]
    assert visible.sum() == 67
    assert KeepLandmarks()(sample())['keypoints_visible'].all()


@pytest.mark.parametrize('build, message', [
    (lambda: LabelNoise(sigma=-1), 'sigma must be'),
    (lambda: LabelNoise(prob=2), 'prob must lie'),
    (lambda: KeepLandmarks([]), 'indices must name'),
    (lambda: KeepLandmarks([-1]), 'indices must name'),
    (lambda: KeepLandmarks([68])(sample()), 'landmark 68, but the sample has 68'),
])
def test_bad_arguments(build, message):
    with pytest.raises(ValueError, match=message):
        build()
