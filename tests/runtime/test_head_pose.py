"""Head pose: a camera that is known, another head, painted faces, noise."""

import numpy as np
import pytest

from mmwing.datasets.face.face_model import LABELLED_SHAPE, random_face
from mmwing.datasets.face.face_model.camera import rotation_matrix
from mmwing.mean_head import MEAN_SHAPE
from mmwing.runtime import head_pose

SIZE = (640, 480)
FOCAL = 700.


def canonical_head():
    """Landmarks by the canons of drawing alone: a head is five eyes wide, a third of
    the face is from brow to nose, half a third further is the mouth. Depth is that of
    an ellipsoid, on which the nose stands."""
    points = {27: (0, -3), 28: (0, 12), 29: (0, 25), 30: (0, 37), 33: (0, 48),
              31: (-15, 46), 35: (15, 46), 36: (-45, 0), 39: (-15, 0), 42: (15, 0),
              45: (45, 0), 48: (-25, 70), 54: (25, 70)}
    head = np.zeros((68, 3))
    for index, (x, y) in points.items():
        surface = 95 * np.sqrt(1 - (x / 75)**2 - ((y - 10) / 120)**2)
        # Eyes lie 15 mm deep.
        surface -= 15 * (36 <= index <= 45)
        nose = {27: 0, 28: 8, 29: 16, 30: 24, 33: 8, 31: 3, 35: 3}.get(index, 0)
        head[index] = x, y, surface + nose
    return head


def photograph(head, yaw, pitch, roll, distance=1500., aside=0., focal=FOCAL,
               size=SIZE):
    """Pixels of a head before a pinhole camera, which looks so many degrees past it.

    Angles in degrees from the line of sight, lengths in mm."""
    seen = (head - MEAN_SHAPE[27:48].mean(0)) @ rotation_matrix(
        *np.deg2rad([yaw, pitch, roll])).T
    seen[:, 2] -= distance
    seen = seen @ rotation_matrix(np.deg2rad(aside), 0, 0).T
    return focal * seen[:, :2] / -seen[:, 2:] + (np.array(size) - 1) / 2


POSES = [(0, 0, 0), (30, 0, 0), (0, 20, 0), (0, 0, 25), (-50, 15, -20), (70, -25, 40),
         (15, 5, 170)]


@pytest.mark.parametrize('pose', POSES)
def test_the_pose_before_a_known_camera_is_exact(pose):
    points = photograph(MEAN_SHAPE, *pose, distance=700)
    found = head_pose(points, SIZE, FOCAL)
    # The line of sight meets the mean of the landmarks, which is not the head's centre.
    np.testing.assert_allclose(found, pose, atol=1.5)
    far = photograph(MEAN_SHAPE, *pose, distance=1e5, focal=7e4)
    np.testing.assert_allclose(head_pose(far, SIZE, 7e4), pose, atol=0.05)
    assert (found.yaw, found.pitch, found.roll) == tuple(found)


@pytest.mark.parametrize('aside', [-20, 20])
@pytest.mark.parametrize('focal', [FOCAL, None])
def test_who_looks_into_the_camera_has_angles_of_0_wherever_they_are(aside, focal):
    points = photograph(MEAN_SHAPE, 0, 0, 0, aside=aside)
    # Far aside, so that the picture's plane would make a large angle of it.
    assert abs(points[:, 0].mean() - SIZE[0] / 2) > 200
    np.testing.assert_allclose(head_pose(points, SIZE, focal), 0, atol=3)


def test_signs_are_as_they_are_said_to_be():
    level = photograph(MEAN_SHAPE, 0, 0, 0)
    right = photograph(MEAN_SHAPE, 20, 0, 0)
    down = photograph(MEAN_SHAPE, 0, 20, 0)
    tilted = photograph(MEAN_SHAPE, 0, 0, 20)
    # The tip of the nose goes ahead of the eyes; tilted, the eye at the picture's right
    # goes down.
    for points, axis in ((right, 0), (down, 1)):
        moved = points - level
        assert moved[30, axis] > moved[36:48, axis].mean() + 5
        assert tuple(head_pose(points, SIZE, FOCAL))[axis] > 15
    assert tilted[45, 1] > level[45, 1] + 5
    assert head_pose(tilted, SIZE, FOCAL).roll > 15


@pytest.mark.parametrize('pose', POSES[:6])
def test_another_head_has_about_the_same_pose(pose):
    found = head_pose(photograph(canonical_head(), *pose), SIZE, FOCAL)
    # Heads differ in depth, so in yaw most, and roll with it where the head nods, too.
    assert (np.abs(np.subtract(found, pose)) < (7, 5, 6)).all(), found


@pytest.mark.parametrize('pose', POSES[:6])
def test_without_a_focal_length_photos_and_crops_are_about_right(pose):
    points = photograph(MEAN_SHAPE, *pose)
    np.testing.assert_allclose(head_pose(points, SIZE), pose, atol=3)
    corner = points.min(0) - 5
    crop = np.ceil(points.max(0) + 5 - corner).astype(int)
    np.testing.assert_allclose(head_pose(points - corner, crop), pose, atol=5)


def test_errors_grow_gracefully_with_noise():
    rng = np.random.default_rng(0)
    medians = []
    for noise in (0.5, 1., 2., 4.):
        errors = []
        for _ in range(40):
            pose = rng.uniform((-40, -20, -20), (40, 20, 20))
            points = photograph(MEAN_SHAPE, *pose)
            points += rng.normal(0, noise / 100 * np.ptp(points, axis=0).max(),
                                 points.shape)
            errors.append(np.abs(np.subtract(head_pose(points, SIZE, FOCAL), pose)))
        assert np.max(errors) < 15 * noise + 5
        medians.append(np.median(errors))
    # Twice the noise is about twice the error.
    ratios = np.array(medians[1:]) / medians[:-1]
    assert ((ratios > 1.3) & (ratios < 3)).all(), medians
    assert medians[1] < 2


def pose_errors(count, landmarks_of):
    """Mean and 95th percentile of the errors of yaw, pitch and roll, painted faces."""
    errors = []
    for seed in range(count):
        face = random_face(np.random.default_rng(seed), 128)
        true = np.rad2deg([face.yaw, face.pitch, face.roll])
        found = np.array(head_pose(landmarks_of(face), (128, 128)))
        errors.append(np.abs(found - true))
    return np.mean(errors, 0), np.percentile(errors, 95, axis=0)


def test_painted_faces_of_all_kinds_have_the_pose_they_were_painted_in():
    mean, most = pose_errors(400, lambda face: face.camera(
        face.shape + MEAN_SHAPE - LABELLED_SHAPE))
    assert (mean < (2, 4, 1)).all(), mean
    assert (most < (6, 10, 3)).all(), most


def test_faces_with_the_depths_of_labels_have_about_the_pose_they_were_painted_in():
    """They are uneven, and flatter than the head that is fitted to them."""
    mean, most = pose_errors(400, lambda face: face.landmarks)
    assert (mean < (4.5, 5, 1.5)).all(), mean
    assert (most < (12, 12, 4)).all(), most


def test_pixels_of_another_size_change_nothing():
    points = photograph(MEAN_SHAPE, 25, -10, 5)
    small = head_pose((points + 0.5) / 4 - 0.5, (160, 120))
    np.testing.assert_allclose(small, head_pose(points, SIZE), atol=1e-3)


POINTS = photograph(MEAN_SHAPE, 10, 0, 0)


@pytest.mark.parametrize('arguments, message', [
    ((POINTS[:67], SIZE), r'shape \(68, 2\).*got \(67, 2\)'),
    ((np.hstack([POINTS, POINTS]), SIZE), r'got \(68, 4\)'),
    ((np.where(np.arange(68)[:, None] == 30, np.nan, POINTS), SIZE),
     r'keypoints\[30\] = \[nan, nan\] is not finite'),
    ((np.full((68, 2), 7.1, np.float32), SIZE), 'on a line or in one place'),
    ((np.outer(np.arange(68), (1, 2)), SIZE), 'on a line or in one place'),
    ((POINTS, (640, 0)), r'image_size must be 2 numbers above 0, got \(640, 0\)'),
    ((POINTS, 640), 'image_size must be 2 numbers'),
    ((POINTS, SIZE, float('nan')), 'focal_length must be a number above 0, got nan'),
])
def test_what_is_no_face_is_told(arguments, message):
    with pytest.raises(ValueError, match=message):
        head_pose(*arguments)


def test_what_is_no_number_is_told():
    with pytest.raises(TypeError, match=r'keypoints must be numbers'):
        head_pose([['a', 'b']] * 68, SIZE)
    with pytest.raises(TypeError, match=r'image_size must be 2 numbers'):
        head_pose(POINTS, ('wide', 'high'))


def test_points_that_are_not_used_may_be_missing():
    points = POINTS.copy()
    points[:17] = np.nan
    assert head_pose(points, SIZE) == head_pose(POINTS, SIZE)


def test_random_points_are_a_pose_or_an_error():
    rng = np.random.default_rng(1)
    for _ in range(50):
        try:
            found = head_pose(rng.uniform(-1, 1, (68, 2)) * 10.**rng.integers(-3, 6),
                              SIZE)
        except ValueError:
            continue
        assert np.isfinite(found).all()
