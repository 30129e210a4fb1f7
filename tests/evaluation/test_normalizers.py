import math

import numpy as np
import pytest

from mmwing.evaluation.normalizers import (
    BOX_MEASURES,
    box_measure,
    landmark_boxes,
    landmark_distance,
)


@pytest.mark.parametrize(('measure', 'expected'), [
    ('longer_side', 8), ('sqrt_area', math.sqrt(48)), ('diagonal', 10), ('width', 6),
    ('height', 8)])
def test_box_measures(measure, expected):
    assert box_measure([[1, 2, 7, 10]], measure) == pytest.approx([expected])


@pytest.mark.parametrize('measure', BOX_MEASURES)
def test_a_box_that_is_inverted_has_no_size(measure):
    sizes = box_measure([[7, 2, 1, 10], [1, 10, 7, 2], [7, 10, 1, 2], [1, 2, 7, 10]],
                        measure)
    assert np.isnan(sizes).tolist() == [True, True, True, False]


def test_landmark_box_ignores_what_is_not_annotated():
    gt = np.array([[[1, 2], [5, 9], [100, 100]], [[0, 0], [0, 0], [0, 0]]])
    boxes = landmark_boxes(gt, np.array([[1, 1, 0], [0, 0, 0]]))
    np.testing.assert_array_equal(boxes[0], [1, 2, 5, 9])
    assert np.isnan(boxes[1]).all()


def test_distance_between_groups_is_between_centroids():
    gt = np.array([[[0, 0], [0, 2], [4, 1], [50, 50]]])
    assert landmark_distance(gt, [0, 1], [2]) == pytest.approx([4])
    visible = np.array([[1, 0, 1, 1]])
    assert np.isnan(landmark_distance(gt, [0, 1], [2], visible))


def test_a_measure_that_does_not_exist():
    with pytest.raises(ValueError, match='measure must be one of'):
        box_measure(np.ones((1, 4)), 'area')
