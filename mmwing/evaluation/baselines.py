"""Baselines without a network: the mean shape fitted to each face."""

from collections.abc import Mapping, Sequence

import numpy as np
from mmengine.dataset import BaseDataset

from mmwing.geometry import mean_of_known

from .faces import EvaluatedFaces, face_name

#: Eye centres, nose tip, mouth corners (the subject's right comes first, as in the
#: schemes), by number of landmarks: iBUG without and with the contour, and WFLW.
#: Of an eye's outline the centroid counts.
FIVE_POINTS: dict[int, tuple[tuple[int, ...], ...]] = {
    51: (tuple(range(19, 25)), tuple(range(25, 31)), (13,), (31,), (37,)),
    68: (tuple(range(36, 42)), tuple(range(42, 48)), (30,), (48,), (54,)),
    98: (tuple(range(60, 68)), tuple(range(68, 76)), (54,), (76,), (82,)),
}


def annotated_faces(dataset: BaseDataset) -> EvaluatedFaces:
    """The true landmarks and boxes of a top-down data set; ``pred`` is NaN.

    Args:
        dataset: An MMPose-style data set. Its pipeline does not run.

    Raises:
        ValueError: When it is empty, or a sample has no single face with a box.
    """
    gt, visible, boxes, names, paths = [], [], [], [], []
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        path = str(info.get('img_path', ''))
        keypoints, box = info.get('keypoints'), info.get('bbox')
        if keypoints is None or box is None or len(keypoints) != 1:
            raise ValueError(f'sample {index} ({path}) of the data set has no single '
                             'face with keypoints (1, K, 2) and bbox (1, 4)')
        known = np.asarray(info.get('keypoints_visible', np.ones(
            keypoints.shape[:2])))
        gt.append(keypoints[0, :, :2])
        visible.append(known.reshape(keypoints.shape[1], -1)[:, 0] > 0)
        boxes.append(np.reshape(box, 4))
        names.append(face_name(path, info.get('id', info.get('img_id', index))))
        paths.append(path)
    if not gt:
        raise ValueError('the data set is empty')
    true = np.stack(gt).astype(np.float64)
    return EvaluatedFaces(
        pred=np.full_like(true, np.nan), gt=true, visible=np.stack(visible),
        boxes=np.stack(boxes).astype(np.float64), names=names, image_paths=paths)


def mean_shape_in_box(faces: EvaluatedFaces) -> np.ndarray:
    """Mean of the annotated landmarks, each face in units of its data set's box.

    Returns:
        (K, 2): x and y are 0 at the left and upper side of the box, 1 at the right
        and lower one.

    Raises:
        ValueError: When a landmark is annotated in no face with a usable box.
    """
    low, size = _corners(faces.boxes)
    known = faces.visible & (size > 0).all(-1)
    with np.errstate(invalid='ignore', divide='ignore'):
        shapes = (faces.gt - low) / size
    mean = mean_of_known(np.where(known[..., None], shapes, np.nan))
    missing = np.isnan(mean).any(1)
    if missing.any():
        raise ValueError(f'landmarks {np.flatnonzero(missing).tolist()} are annotated '
                         'in no face of the training set')
    return mean


def fit_to_boxes(mean_shape: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Stretch a shape in units of the box (K, 2) into each box (N, 4): (N, K, 2).

    Width and height are fitted independently: the best that a box alone allows.
    """
    low, size = _corners(np.asarray(boxes, np.float64))
    return mean_shape * size + low


def fit_affine(mean_shape: np.ndarray, gt: np.ndarray,
               groups: Sequence[Sequence[int]] | None = None) -> np.ndarray:
    """Map a shape onto each face by the affine map that fits a few true points best.

    Args:
        mean_shape: (K, 2), any unit.
        gt: True landmarks (N, K, 2), pixels.
        groups: At least three groups of landmarks; the map is fitted by least squares
            to the groups' centroids. By default :data:`FIVE_POINTS`.

    Returns:
        (N, K, 2), pixels; NaN for a face where one of those points is NaN.

    Raises:
        ValueError: When no five points are known for K landmarks.
    """
    groups = five_points(mean_shape.shape[0]) if groups is None else groups
    source = np.stack([mean_shape[list(group)].mean(0) for group in groups])
    target = np.stack([gt[:, list(group)].mean(1) for group in groups], axis=1)
    # Least squares in closed form: target ~ [source, 1] @ map, for all faces at once.
    solve = np.linalg.pinv(_homogeneous(source))
    return _homogeneous(mean_shape) @ (solve @ target)


def five_points(num_keypoints: int) -> tuple[tuple[int, ...], ...]:
    """Landmarks of the eye centres, the nose tip and the mouth corners.

    Raises:
        ValueError: When they are not known for that number of landmarks.
    """
    if num_keypoints not in FIVE_POINTS:
        raise ValueError(
            f'the five points (eye centres, nose tip, mouth corners) are known for '
            f'{sorted(FIVE_POINTS)} landmarks, not for {num_keypoints}')
    return FIVE_POINTS[num_keypoints]


def shape_baselines(train: EvaluatedFaces,
                    test: EvaluatedFaces) -> Mapping[str, EvaluatedFaces]:
    """The faces of a test set with what the training set's mean shape predicts.

    Returns:
        Name of the baseline to the faces. Faces where one of the five points is not
        annotated are unusable for the second.

    Raises:
        ValueError: When the sets differ in their landmarks, or see the parts.
    """
    if train.num_keypoints != test.num_keypoints:
        raise ValueError(f'the training set has {train.num_keypoints} landmarks, the '
                         f'test set {test.num_keypoints}')
    mean = mean_shape_in_box(train)
    points = sorted({index for group in five_points(len(mean)) for index in group})
    complete = test.visible[:, points].all(1)
    return {
        'mean shape, fitted to the box': _with_pred(
            test, fit_to_boxes(mean, test.boxes), test.visible),
        'mean shape, affine fit to 5 true points': _with_pred(
            test, fit_affine(mean, test.gt),
            test.visible & np.expand_dims(complete, 1)),
    }


def _corners(boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Upper left corner and size of boxes (N, 4), each (N, 1, 2)."""
    return boxes[:, None, :2], boxes[:, None, 2:] - boxes[:, None, :2]


def _homogeneous(points: np.ndarray) -> np.ndarray:
    return np.concatenate([points, np.ones((len(points), 1))], axis=1)


def _with_pred(faces: EvaluatedFaces, pred: np.ndarray,
               visible: np.ndarray) -> EvaluatedFaces:
    return EvaluatedFaces(pred=pred, gt=faces.gt, visible=visible,
                          boxes=faces.boxes, names=faces.names,
                          image_paths=faces.image_paths)
