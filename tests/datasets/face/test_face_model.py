"""The 3-D model of the landmarks."""

import numpy as np
import pytest

from mmwing.datasets.face import SyntheticFaceDataset
from mmwing.datasets.face.face_model import (
    LABELLED_SHAPE,
    MEAN_SHAPE,
    Camera,
    random_face,
)
from mmwing.datasets.face.face_model.camera import rotation_matrix
from mmwing.datasets.face.face_model.silhouette import (
    follow_contour,
    front_ends,
    slide_to_silhouette,
)


@pytest.fixture(scope='module')
def faces():
    return [random_face(np.random.default_rng([3, i]), 128) for i in range(200)]


@pytest.mark.parametrize('shape', [MEAN_SHAPE, LABELLED_SHAPE])
def test_mean_shape_is_symmetric_under_the_flip_pairs(shape):
    flip = SyntheticFaceDataset(1).metainfo['flip_indices']
    np.testing.assert_allclose(shape[flip] * (-1, 1, 1), shape)


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


def slid_jaw(face):
    """The contour on the silhouette, and the picture's x of its way there in mm."""
    level = Camera(rotation_matrix(face.yaw, face.pitch, 0), face.camera.distance, 1,
                   np.zeros(2))
    jaw = face.shape[:17]
    slid = slide_to_silhouette(jaw, front_ends(jaw), level)
    return slid, (level(slid) - level(jaw))[:, 0]


def test_far_contour_lies_on_the_silhouette(faces):
    """Turned away, a contour point moves outwards from its place on the skull."""
    turned = 0
    for face in faces:
        slid, moved = slid_jaw(face)
        left, right = moved[:8], moved[9:]
        assert left.max() < 1e-9 and right.min() > -1e-9
        far, near = (left, right) if face.yaw < 0 else (-right, -left)
        if abs(face.yaw) > np.deg2rad(30):
            turned += 1
            assert far[:4].max() < 0 or far[-4:].max() < 0
            assert np.abs(near).max() < 1e-9
    assert turned > 10


def test_contour_landmarks_follow_a_turn_along_the_contour(faces):
    for face in faces:
        slid, _ = slid_jaw(face)
        followed = face.outline_shape[:17]
        np.testing.assert_allclose(face.landmarks[:17], face.camera(followed))
        np.testing.assert_allclose(followed[[0, 8, 16]], slid[[0, 8, 16]], atol=1e-9)
        # Looking to the picture's right, all go on in their order: from the near ear
        # down to the chin, and on up to the far ear.
        along = np.gradient(slid, axis=0)
        step = ((followed - slid) * along).sum(1) / (along**2).sum(1)
        others = np.delete(step, [0, 8, 16]) * np.sign(face.yaw)
        assert (others > 0).all()
        assert np.abs(step).max() < 1
        frontal = follow_contour(slid, 0.0)
        np.testing.assert_allclose(frontal, slid, atol=1e-9)


def test_most_closed_mouths_have_lips_that_meet(faces):
    gap = np.array([np.linalg.norm(face.shape[61:64] - face.shape[[67, 66, 65]], axis=1)
                    for face in faces])
    met = gap.max(1) < 1e-9
    assert .3 < met.mean() < .6
    assert all(face.mouth_open == 0 for face, closed in zip(faces, met, strict=True)
               if closed)
