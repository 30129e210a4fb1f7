"""DirectRegressionLabel against MMPose's RegressionLabel."""

import numpy as np
import pytest
from mmpose.codecs import RegressionLabel
from mmpose.registry import KEYPOINT_CODECS
from mmpose.utils import register_all_modules

import mmwing  # noqa: F401
from mmwing.codecs import DirectRegressionLabel


@pytest.fixture
def landmarks():
    """Points around a 61x47 crop, half of them outside, some not visible."""
    rng = np.random.default_rng(0)
    keypoints = rng.uniform(-40, 100, (3, 68, 2))
    keypoints[0, :5] = [[0, 0], [60, 46], [60.5, 20], [20, 46.5], [-0.01, 5]]
    visible = rng.integers(0, 3, (3, 68)).astype(np.float32)
    return keypoints, visible


def test_builds_from_mmpose_registry():
    register_all_modules()
    codec = KEYPOINT_CODECS.build(
        {'type': 'mmwing.DirectRegressionLabel', 'input_size': [64, 48]})
    assert codec.input_size == (64, 48)


@pytest.mark.parametrize('with_visible', [True, False])
def test_equals_mmpose_without_outside(landmarks, with_visible):
    keypoints, visible = landmarks
    visible = visible if with_visible else None
    ours = DirectRegressionLabel((61, 47), supervise_outside=False)
    got = ours.encode(keypoints, visible)
    expected = RegressionLabel((61, 47)).encode(keypoints, visible)
    assert 0 < expected['keypoint_weights'].mean() < 1
    for key, value in expected.items():
        np.testing.assert_array_equal(got[key], value)
        assert got[key].dtype == value.dtype


@pytest.mark.parametrize('with_visible', [True, False])
def test_outside_landmarks_keep_label_and_weight(landmarks, with_visible):
    keypoints, visible = landmarks
    got = DirectRegressionLabel((61, 47)).encode(keypoints,
                                                 visible if with_visible else None)
    expected = visible > 0.5 if with_visible else np.ones(visible.shape)
    np.testing.assert_array_equal(got['keypoint_weights'], expected)
    np.testing.assert_allclose(got['keypoint_labels'], keypoints / [61, 47],
                               rtol=1e-6)
    assert got['keypoint_labels'].dtype == np.float32


@pytest.mark.parametrize('size', [(61, 47), (64, 64), (48, 129)])
@pytest.mark.parametrize('supervise_outside', [True, False])
def test_decode_undoes_encode(landmarks, size, supervise_outside):
    codec = DirectRegressionLabel(size, supervise_outside)
    labels = codec.encode(landmarks[0])['keypoint_labels']
    keypoints, scores = codec.decode(labels)
    np.testing.assert_allclose(keypoints, landmarks[0], atol=1e-4)
    assert scores.shape == keypoints.shape[:2]


@pytest.mark.parametrize('bad', [np.nan, np.inf])
@pytest.mark.parametrize('supervise_outside', [True, False])
def test_not_finite_is_not_annotated(bad, supervise_outside):
    keypoints = np.full((1, 3, 2), 5.)
    keypoints[0, 1, 1] = bad
    got = DirectRegressionLabel((64, 64), supervise_outside).encode(keypoints)
    np.testing.assert_array_equal(got['keypoint_weights'], [[1, 0, 1]])
    assert np.isfinite(got['keypoint_labels']).all()


@pytest.mark.parametrize('size', [(64, ), (64, 0), (64, -1), (64.5, 64), (1, 2, 3)])
def test_bad_input_size(size):
    with pytest.raises(ValueError, match=r'input_size must be \(w, h\)'):
        DirectRegressionLabel(size)
