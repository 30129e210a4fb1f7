"""A painted scene whose landmarks can be found again in its pixels."""

import numpy as np
import pytest

# Two left-right pairs and a point on the midline.
FLIP_INDICES = [1, 0, 3, 2, 4]


def _painted_sample(seed=0, dot_sigma=3.):
    """What a loading transform returns: dots at five sub-pixel places."""
    rng = np.random.default_rng(seed)
    places = np.array([[70, 55], [125, 55], [75, 105], [125, 105], [100, 80]])
    keypoints = (places + rng.uniform(-3, 3, places.shape)).astype(np.float32)
    ys, xs = np.mgrid[:160, :201]
    dots = [np.exp(-((xs - x)**2 + (ys - y)**2) / (2 * dot_sigma**2))
            for x, y in keypoints]
    image = (255 * np.sum(dots, axis=0)).round().clip(0, 255).astype(np.uint8)
    return dict(
        img=np.dstack([image] * 3),
        img_shape=image.shape,
        ori_shape=image.shape,
        img_path='painted',
        keypoints=keypoints[None],
        keypoints_visible=np.array([[1, 1, 0, 1, 1]], np.float32),
        flip_indices=FLIP_INDICES,
        bbox_center=np.array([[101.3, 79.6]], np.float32),
        bbox_scale=np.array([[120., 110.]], np.float32))


def _dot_centres(image, near, radius=6):
    """Centres of mass (K, 2) of the dots next to ``near`` (K, 2)."""
    centres = []
    for x0, y0 in np.round(near).astype(int) - radius:
        patch = image[y0:y0 + 2 * radius + 1, x0:x0 + 2 * radius + 1, 0].astype(float)
        ys, xs = np.mgrid[:patch.shape[0], :patch.shape[1]]
        mass = patch.sum()
        centres.append((x0 + (xs * patch).sum() / mass, y0 + (ys * patch).sum() / mass))
    return np.array(centres)


@pytest.fixture
def painted_sample():
    return _painted_sample


@pytest.fixture
def dot_centres():
    return _dot_centres
