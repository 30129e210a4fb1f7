"""The 3-D model of the landmarks."""

import numpy as np
import pytest

from mmwing.datasets.face import SyntheticFaceDataset
from mmwing.datasets.face.face_model import MEAN_SHAPE, random_face


@pytest.fixture(scope='module')
def faces():
    return [random_face(np.random.default_rng([3, i]), 128) for i in range(200)]


def test_mean_shape_is_symmetric_under_the_flip_pairs():
    flip = SyntheticFaceDataset(1).metainfo['flip_indices']
    np.testing.assert_allclose(MEAN_SHAPE[flip] * (-1, 1, 1), MEAN_SHAPE)


def test_faces_vary_in_pose_and_expression(faces):
    yaw = np.rad2deg([f.yaw for f in faces])
    assert yaw.max() > 50 and yaw.min() < -50 and np.abs(yaw).max() <= 60
    assert np.std([f.pitch for f in faces]) > np.deg2rad(5)
    assert np.std([f.roll for f in faces]) > np.deg2rad(5)
    opening = np.array([np.linalg.norm(f.landmarks[62] - f.landmarks[66])
                        / np.linalg.norm(f.landmarks[27] - f.landmarks[8])
                        for f in faces])
    assert np.quantile(opening, .1) < .05 and np.quantile(opening, .95) > .15
    assert any(min(f.eye_open) == 0 for f in faces)


def test_far_contour_lies_on_the_silhouette(faces):
    """Turned away, a contour point moves outwards from its place on the skull."""
    for face in faces:
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
