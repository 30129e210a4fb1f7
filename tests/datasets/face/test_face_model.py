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


def test_contour_landmarks_lie_where_the_contour_was_followed_to(faces):
    for face in faces:
        np.testing.assert_allclose(face.landmarks[:17],
                                   face.camera(face.outline_shape[:17]))


class NoNoise:
    """A random stream of a normal distribution that always gives its mean."""

    def normal(self, mean, sigma, size=None):
        return np.full(np.shape(sigma) if size is None else size, float(mean))


def steps(jaw, yaw=0.0, pitch=0.0, rng=None):
    """How far each landmark goes along the contour, in their spacing (17,)."""
    moved = follow_contour(jaw, yaw, pitch, rng or NoNoise()) - jaw
    along = np.gradient(jaw, axis=0)
    return (moved * along).sum(1) / (along**2).sum(1)


JAW = LABELLED_SHAPE[:17]


def test_contour_landmarks_follow_a_turn_along_the_contour():
    np.testing.assert_allclose(follow_contour(JAW, 0.0, 0.0, NoNoise()), JAW, atol=1e-9)
    for degrees in (5, 20, 40, 60):
        # Looking to the picture's right, all but the ends go on in their order: from
        # the near ear down to the chin, and on up to the far ear.
        right, left = (steps(JAW, sign * np.deg2rad(degrees)) for sign in (1, -1))
        assert (right[2:15] > 0).all() and right.max() < 1.5
        np.testing.assert_allclose(left, -right[::-1], atol=1e-9)
        places = np.arange(17) + right
        assert (np.diff(places) > 0).all()


def test_contour_landmarks_of_a_head_tilted_back_lie_nearer_the_ears():
    back, down = steps(JAW, pitch=np.deg2rad(-20)), steps(JAW, pitch=np.deg2rad(20))
    assert (back[:8] < 0).all() and (back[9:] > 0).all() and abs(back[8]) < 1e-9
    assert (down[:8] > 0).all() and (down[9:] < 0).all() and abs(down[8]) < 1e-9


def test_no_pose_tells_where_on_the_contour_a_landmark_lies():
    rng = np.random.default_rng(0)
    found = np.array([steps(JAW, rng=rng) for _ in range(500)])
    assert np.abs(found.mean(0)).max() < .1
    spread = found.std(0)
    assert (spread > .1).all() and (spread < .4).all()
    assert spread[8] < spread[[0, 16]].min()


def test_faces_are_not_their_own_mirror_images_but_as_often_to_either_side(faces):
    shapes = np.array([face.shape for face in faces])
    eyes = np.linalg.norm(shapes[:, 45] - shapes[:, 36], axis=-1)
    middle = shapes[:, 36:48, 0].mean(1)
    for points in ([8], range(27, 36), range(48, 68), range(17, 27)):
        aside = (shapes[:, list(points), 0].mean(1) - middle) / eyes
        assert .005 < aside.std() < .05
        assert abs(aside.mean()) < 3 * aside.std() / len(faces)**.5


def test_most_closed_mouths_have_lips_that_meet(faces):
    gap = np.array([np.linalg.norm(face.shape[61:64] - face.shape[[67, 66, 65]], axis=1)
                    for face in faces])
    met = gap.max(1) < 1e-9
    assert .3 < met.mean() < .6
    assert all(face.mouth_open == 0 for face, closed in zip(faces, met, strict=True)
               if closed)
