"""The box grows about its centre."""

import numpy as np
import pytest

from mmwing.datasets.transforms import FaceAffine, FaceContext


def test_the_face_is_smaller_by_the_factor(painted_sample, dot_centres):
    plain = FaceAffine((256, 256)).transform(painted_sample())
    wide = FaceContext(1.5).transform(painted_sample())
    wide = FaceAffine((256, 256)).transform(wide)
    expected = (plain['transformed_keypoints'][0] - 128) / 1.5 + 128
    np.testing.assert_allclose(wide['transformed_keypoints'][0], expected, atol=1e-3)
    # The pixels went where the landmarks went.
    np.testing.assert_allclose(dot_centres(wide['img'], expected), expected, atol=0.5)


@pytest.mark.parametrize('factor', [0.9, 0, float('inf'), float('nan')])
def test_a_factor_that_makes_no_room_is_refused(factor):
    with pytest.raises(ValueError, match='factor must be at least 1'):
        FaceContext(factor)
