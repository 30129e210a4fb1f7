"""Which way a head is turned, from its landmarks."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from mmwing.mean_head import MEAN_SHAPE

# Eye corners, nose and mouth corners. Of the others, the jaw's outline slides over the
# head when it turns, and brows, lips and chin move with the expression.
_RIGID = (27, 28, 29, 30, 31, 33, 35, 36, 39, 42, 45, 48, 54)
# OpenCV's z goes away from the viewer, the template's towards him.
_TEMPLATE = MEAN_SHAPE[list(_RIGID)] * (1, 1, -1)
_TEMPLATE = _TEMPLATE - _TEMPLATE.mean(0)
_NEAREST = 1000.  # mm
# Second singular value of the landmarks in units of the first. A profile has 0.3.
_FLATTEST = 0.02
_NO_POSE = 'no pose of a head fits these keypoints'


class HeadPose(NamedTuple):
    """Which way a head is turned, in degrees; all 0 when it looks into the camera.

    Attributes:
        yaw: Positive where the face looks to the picture's right, in [-180, 180].
        pitch: Positive where it looks down, in [-90, 90].
        roll: Positive where it is tilted clockwise in the picture, in [-180, 180].
    """

    yaw: float
    pitch: float
    roll: float


def head_pose(keypoints: np.ndarray, image_size: tuple[int, int],
              focal_length: float | None = None) -> HeadPose:
    """Yaw, pitch and roll of a head from its 68 iBUG landmarks.

    A rigid head, of which 13 points at eyes, nose and mouth corners are used, is turned
    until its perspective picture fits the landmarks best (OpenCV's ``solvePnP``: SQPnP,
    then Levenberg-Marquardt). With x to the picture's right, y down and z towards the
    camera the rotation is ``R_z(roll) R_x(pitch) R_y(yaw)``: the head turns about its
    vertical axis first, then nods, then tilts. Angles count from the line of sight:
    they are 0 for who looks into the camera, also at the edge of the picture.

    The head is :data:`mmwing.mean_head.MEAN_SHAPE`, an average adult. Whose nose is
    longer or whose eyes lie deeper gets another angle for the same pose, mostly another
    pitch: take single angles for good to about 5 degrees, changes in a video of one
    person for better.

    Args:
        keypoints: Landmarks (68, 2), x and y in pixels of the image.
        image_size: Width and height of the image that the camera took, in pixels. Its
            centre is taken for the camera's axis.
        focal_length: Of the camera, in pixels. By default the longer side of the image,
            or so much more that the face is at least 1 m away: a face that fills the
            image is taken for a crop.

    Raises:
        TypeError: If an argument is not of numbers.
        ValueError: If there are not 68 landmarks, some are not finite or they lie on a
            line; if another argument is not positive; if no pose fits.

    Example::

        height, width = image.shape[:2]
        pose = mmwing.head_pose(face.keypoints, (width, height))
        print(pose.yaw, pose.pitch, pose.roll)
    """
    points = _rigid_points(keypoints)
    width, height = _positive('image_size', image_size, 2)
    points = points - ((width - 1) / 2, (height - 1) / 2)
    if focal_length is not None:
        [focal] = _positive('focal_length', focal_length, 1)
        rotation, _ = _fit(points, focal)
    else:
        focal = max(width, height)
        rotation, distance = _fit(points, focal)
        if distance < _NEAREST:
            rotation, _ = _fit(points, focal * _NEAREST / distance)
    flip = np.diag([1., 1., -1.])
    rotation = flip @ rotation @ flip
    angles = (np.arctan2(-rotation[2, 0], rotation[2, 2]),
              np.arcsin(np.clip(-rotation[2, 1], -1, 1)),
              np.arctan2(-rotation[0, 1], rotation[1, 1]))
    return HeadPose(*np.rad2deg(angles).tolist())


def _rigid_points(keypoints: object) -> np.ndarray:
    try:
        points = np.asarray(keypoints, np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f'keypoints must be numbers of the shape (68, 2): {error}'
                        ) from None
    if points.shape != (68, 2):
        raise ValueError('keypoints must have the shape (68, 2), the points of iBUG '
                         f'(300-W); got {points.shape}')
    points = points[list(_RIGID)]
    broken = ~np.isfinite(points).all(1)
    if broken.any():
        index = int(np.argmax(broken))
        raise ValueError(f'keypoints[{_RIGID[index]}] = {points[index].tolist()} is '
                         'not finite')
    spread = np.linalg.svd(points - points.mean(0), compute_uv=False)
    # Beside the coordinates, since single precision does not make equal points equal.
    if spread[1] <= max(_FLATTEST * spread[0], 1e-6 * np.abs(points).max()):
        raise ValueError('keypoints lie on a line or in one place: that is no face')
    return points


def _positive(name: str, value: object, count: int) -> list[float]:
    what = 'a number' if count == 1 else f'{count} numbers'
    try:
        numbers = np.asarray(value, np.float64).ravel()
    except (TypeError, ValueError):
        raise TypeError(f'{name} must be {what} above 0, got {value!r}') from None
    if len(numbers) != count or not (np.isfinite(numbers) & (numbers > 0)).all():
        raise ValueError(f'{name} must be {what} above 0, got {value!r}')
    return numbers.tolist()


def _fit(points: np.ndarray, focal: float) -> tuple[np.ndarray, float]:
    """Rotation (3, 3) against the line of sight, and distance in mm, in OpenCV's axes.

    Args:
        points: (13, 2), in pixels from the camera's axis.
        focal: In pixels.
    """
    rays = np.column_stack([points / focal, np.ones(len(points))])
    rays = rays @ _turn_to_axis(rays.mean(0)).T
    if (rays[:, 2] <= 0).any():
        raise ValueError(_NO_POSE)
    seen = rays[:, :2] / rays[:, 2:]
    # OpenCV's thresholds are made for pixels, and SQPnP's for heads that are near: it
    # starts from a metre away.
    scale = 100 / seen.std()
    near, camera = (np.diag([each, each, 1.]) for each in (
        100 * _NEAREST / _TEMPLATE[:, :2].std(), scale))
    seen *= scale
    try:
        found, turn, shift = cv2.solvePnP(_TEMPLATE, seen, near, None,
                                          flags=cv2.SOLVEPNP_SQPNP)
        if found:
            shift *= [[1], [1], [scale / near[0, 0]]]
            turn, shift = cv2.solvePnPRefineLM(_TEMPLATE, seen, camera, None, turn,
                                               shift)
    except cv2.error:
        found = False
    if not found or not np.isfinite([turn, shift]).all() or shift[2, 0] <= 0:
        raise ValueError(_NO_POSE)
    return cv2.Rodrigues(turn)[0], float(shift[2, 0])


def _turn_to_axis(ray: np.ndarray) -> np.ndarray:
    """The smallest rotation (3, 3) that lays a ray (3,) on the camera's axis."""
    x, y, z = ray
    away = np.hypot(x, y)
    angle = np.arctan2(away, z)
    return cv2.Rodrigues(np.array([y, -x, 0.]) * (angle / away if away else 0.))[0]
