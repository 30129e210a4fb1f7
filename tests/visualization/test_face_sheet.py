import numpy as np
import pytest

from mmwing.visualization import draw_face, draw_face_sheet
from mmwing.visualization.face_sheet import PREDICTED_COLOR, TRUE_COLOR


def test_landmarks_are_drawn_where_they_are():
    """A one-pixel blob at a landmark is covered by that landmark's mark."""
    image = np.zeros((60, 80, 3), np.uint8)
    image[20, 30] = 255
    gt = np.array([[30, 20], [50, 20], [40, 45.]])
    bare = draw_face(image, gt=None, pred=gt, size=200)
    assert (bare != 255).any(-1).all()  # the mark hides the blob
    centers = np.argwhere((bare == PREDICTED_COLOR).all(-1))
    assert len(centers)


def test_colors_of_truth_and_prediction():
    image = np.zeros((60, 60, 3), np.uint8)
    gt = np.array([[10, 10], [50, 50.]])
    tile = draw_face(image, gt, gt + [0, 8], size=160)
    for color in (TRUE_COLOR, PREDICTED_COLOR):
        assert (tile == color).all(-1).any()


def test_points_that_are_not_finite_are_left_out():
    image = np.zeros((60, 60, 3), np.uint8)
    gt = np.array([[10, 10], [np.nan, 50.]])
    pred = np.array([[np.inf, 10], [1e30, 50.]])
    assert draw_face(image, gt, pred).shape == (256, 256, 3)
    with pytest.raises(ValueError, match='finite point'):
        draw_face(image, gt * np.nan)


def test_sheet_is_filled_row_by_row():
    images = [np.full((40, 40, 3), 10 * (index + 1), np.uint8) for index in range(5)]
    gt = [np.array([[15, 15], [25, 25.]])] * 5
    sheet = draw_face_sheet(images, gt, columns=3, size=50)
    assert sheet.shape == (100, 150, 3)
    assert (sheet[55, 60] == 50).all()  # the fifth: second row, second column
    assert (sheet[60:, 110:] == 255).all()  # unused


@pytest.mark.parametrize(('arguments', 'message'), [
    ({'images': []}, 'images is empty'),
    ({'images': [np.zeros((4, 4, 3), np.uint8)], 'captions': []},
     'captions has 0 entries for 1 images')])
def test_bad_lists(arguments, message):
    with pytest.raises(ValueError, match=message):
        draw_face_sheet(**arguments)
