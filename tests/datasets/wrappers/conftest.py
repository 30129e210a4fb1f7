"""Turned heads whose yaw is known, as a data set."""

import numpy as np
import pytest
from mmengine.dataset import BaseDataset

# Rows of a head in 3-D, in units of its half width: brow and eye corners, nose,
# mouth corners, chin, cheeks. x to the right, y down, z to the viewer.
RIGHT = np.array([[0.25, -0.45, 0.75], [0.6, -0.45, 0.55], [0.2, -0.25, 0.7],
                  [0.5, -0.25, 0.55], [0.3, 0.5, 0.7], [0.85, 0.0, 0.0],
                  [0.75, 0.5, 0.1], [0.2, 0.15, 0.8]])
MIDDLE = np.array([[0, 0.1, 1.1], [0, -0.3, 0.8], [0, 0.5, 0.85], [0, 0.9, 0.6]])
HEAD = np.concatenate([RIGHT, RIGHT * (-1, 1, 1), MIDDLE])
FLIP_INDICES = [*range(8, 16), *range(8), *range(16, 20)]


def _turned_heads(yaw, seed=0, noise=0.01, similarity=True):
    """Landmarks (N, 20, 2) of heads turned by yaw (N,) degrees.

    Each has its own build, pitch, noise, and place, size and tilt in the image.
    """
    rng = np.random.default_rng(seed)
    yaw = np.deg2rad(np.asarray(yaw, float))
    count = len(yaw)
    build = 1 + 0.05 * rng.standard_normal((count, 1, 3))
    x, y, z = np.moveaxis(HEAD * build, -1, 0)
    x, z = (x * np.cos(yaw)[:, None] + z * np.sin(yaw)[:, None],
            z * np.cos(yaw)[:, None] - x * np.sin(yaw)[:, None])
    pitch = np.deg2rad(8 * rng.standard_normal((count, 1)))
    y = y * np.cos(pitch) + z * np.sin(pitch)
    points = x + 1j * y
    points = points + noise * (rng.standard_normal(points.shape) +
                               1j * rng.standard_normal(points.shape))
    if similarity:
        tilt = np.exp(1j * np.deg2rad(20 * rng.standard_normal((count, 1))))
        size = rng.uniform(30, 90, (count, 1))
        place = rng.uniform(100, 200, (count, 2)) @ np.array([[1], [1j]])
        points = points * tilt * size + place
    return np.stack([points.real, points.imag], -1)


class Heads(BaseDataset):
    """The least that a top-down data set of MMPose gives."""

    def __init__(self, shapes, visible=None, flip_indices=FLIP_INDICES, **kwargs):
        self.shapes = shapes
        self.visible = np.ones(shapes.shape[:2]) if visible is None else visible
        metainfo = {} if flip_indices is None else dict(flip_indices=flip_indices)
        super().__init__(metainfo=metainfo, **kwargs)

    def load_data_list(self):
        return [dict(img_path=f'{index}.jpg', sample=index,
                     keypoints=shape[None].astype(np.float32),
                     keypoints_visible=np.asarray(visible)[None].astype(np.float32))
                for index, (shape, visible) in enumerate(
                    zip(self.shapes, self.visible, strict=True))]

    def get_cat_ids(self, idx):
        return [idx]


@pytest.fixture
def turned_heads():
    return _turned_heads


@pytest.fixture
def heads_dataset():
    return Heads


@pytest.fixture
def flip_indices():
    return FLIP_INDICES
