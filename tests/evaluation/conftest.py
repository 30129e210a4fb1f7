import numpy as np
import pytest

from mmwing.evaluation import EvaluatedFaces


def _make_faces(num_faces=20, num_keypoints=68, seed=0, noise=3.0):
    rng = np.random.default_rng(seed)
    shape = rng.uniform(0, 100, (num_keypoints, 2))
    gt = shape + rng.normal(0, 5, (num_faces, num_keypoints, 2)) + 50
    spread = rng.gamma(2, noise / 2, (num_faces, 1, 1))
    pred = gt + rng.normal(0, 1, gt.shape) * spread
    return EvaluatedFaces(
        pred=pred, gt=gt, visible=rng.random((num_faces, num_keypoints)) < 0.9,
        boxes=np.concatenate([gt.min(1) - 10, gt.max(1) + 10], axis=1),
        names=[f'img_{index:05d}.jpg#{index}' for index in range(num_faces)],
        image_paths=[f'/data/img_{index:05d}.jpg' for index in range(num_faces)],
        items={'box_size': rng.uniform(50, 100, num_faces)},
        subsets={'common': np.arange(num_faces) % 3 > 0,
                 'challenging': np.arange(num_faces) % 3 == 0})


@pytest.fixture
def make_faces():
    """Faces with random landmarks, a tenth of them not annotated."""
    return _make_faces
