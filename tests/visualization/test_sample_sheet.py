"""The sheet of crops."""

import numpy as np
import pytest

from mmwing.visualization import draw_sample_sheet
from mmwing.visualization.face_sheet import TRUE_COLOR


def test_a_point_outside_the_crop_is_in_the_border():
    image = np.zeros((50, 50, 3), np.uint8)
    points = np.full((68, 2), np.nan)
    points[0] = -1.5, 25
    sheet = draw_sample_sheet([image], [points], size=540)
    at = np.argwhere((sheet == TRUE_COLOR).all(-1)).mean(0)
    # 540 pixels hold the 50 of the crop and 2 on either side.
    np.testing.assert_allclose(at, [(25.5 + 2) * 10 - 0.5, (2 - 1.5 + 0.5) * 10 - 0.5],
                               atol=1)


def test_lists_must_match():
    with pytest.raises(ValueError, match='points has 0 entries for 1 images'):
        draw_sample_sheet([np.zeros((9, 9, 3), np.uint8)], [])
