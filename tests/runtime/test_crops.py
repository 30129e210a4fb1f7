"""Crops without MMPose: the pixels of the pipelines, bit for bit."""

import numpy as np
import pytest
from mmcv.transforms import Compose
from mmengine.registry import DefaultScope

from mmwing.runtime.crops import Crop

IMAGE = np.random.default_rng(0).integers(0, 256, (150, 190, 3), np.uint8)


def piped(pipeline, box):
    """What MMPose's pipeline makes of a box, and where it says that it lies."""
    with DefaultScope.overwrite_default_scope('mmpose'):
        sample = Compose(pipeline)({
            'img': IMAGE, 'bbox': box[None], 'bbox_score': np.ones(1, np.float32)})
    return sample['img'], sample['input_center'], sample['input_scale']


@pytest.mark.parametrize('box', [
    (20, 30, 90, 110), (10.3, 5.7, 40.2, 33.3), (-30, -20, 170, 148), (60, 60, 61, 99)])
@pytest.mark.parametrize(('pipeline', 'crop'), [
    ([dict(type='GetBBoxCenterScale'),
      dict(type='mmwing.FaceAffine', input_size=(48, 48))], Crop((48, 48), 1.25)),
    ([dict(type='GetBBoxCenterScale', padding=1.1),
      dict(type='mmwing.FaceContext', factor=1.5),
      dict(type='mmwing.FaceAffine', input_size=(32, 24))], Crop((32, 24), 1.1 * 1.5)),
    ([dict(type='GetBBoxCenterScale'),
      dict(type='TopdownAffine', input_size=(24, 32))],
     Crop((24, 32), 1.25, antialias=False))])
def test_pixels_are_those_of_the_pipeline(box, pipeline, crop):
    box = np.array(box, np.float32)
    pixels, center, scale = piped(pipeline, box)
    found = crop.cut(IMAGE, box)
    # Padding and context are multiplied in another order.
    assert (found != pixels).mean() < 0.001 and np.abs(
        found.astype(int) - pixels).max() <= 1
    if 'FaceContext' not in str(pipeline):
        np.testing.assert_array_equal(found, pixels)
    points = np.array([[0., 0.], [3.5, 20]])
    np.testing.assert_allclose(
        crop.to_image(points, box), points / crop.size * scale + center - 0.5 * scale,
        rtol=1e-6, atol=1e-5)
