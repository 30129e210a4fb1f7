import numpy as np
import pytest

from mmwing.visualization import draw_numbered_sheet
from mmwing.visualization.numbered_sheet import (
    LEFT_COLOR,
    MIDLINE_COLOR,
    RIGHT_COLOR,
    point_colors,
)

# The higher index of the second pair is on the left.
MEAN = np.array([[-1, 0], [1, 0], [0, 1], [1, 2], [-1, 2.]])
FLIPS = [1, 0, 2, 4, 3]
FACE = MEAN * 20 + 40


def draw(**kwargs):
    arguments = dict(
        mean_shape=MEAN, flip_indices=FLIPS,
        images=[np.zeros((100, 100, 3), np.uint8)] * 2, points=[FACE, FACE],
        captions=['a', 'b'], warnings=[False, True], size=200)
    return draw_numbered_sheet(**{**arguments, **kwargs})


def test_colors_tell_the_sides_in_the_mean_face():
    assert point_colors(MEAN, np.array(FLIPS)) == [
        LEFT_COLOR, RIGHT_COLOR, MIDLINE_COLOR, RIGHT_COLOR, LEFT_COLOR]


@pytest.mark.parametrize('tile', [0, 1])
def test_sides_are_drawn_on_their_sides(tile):
    pixels = draw()[:170, 200 * tile:200 * (tile + 1)]
    left = np.argwhere((pixels == LEFT_COLOR).all(-1))[:, 1].mean()
    right = np.argwhere((pixels == RIGHT_COLOR).all(-1))[:, 1].mean()
    assert left < 90 and right > 110


def test_contours_are_drawn():
    assert (draw(links=[(0, 3)]) != draw()).any(axis=(0, 2)).reshape(3, 200).any(
        1).all()


def test_faces_of_another_number_of_points_or_none():
    sheet = draw(points=[FACE[:3], FACE * np.nan], links=[(3, 4)])
    assert sheet.shape == (200, 600, 3)
    assert draw(mean_shape=MEAN * np.nan).shape == (200, 600, 3)


@pytest.mark.parametrize(('change', 'message'), [
    ({'flip_indices': [0]}, r'shape \(1, 2\)'),
    ({'captions': []}, 'captions has 0 entries for 2 images')])
def test_bad_input(change, message):
    with pytest.raises(ValueError, match=message):
        draw(**change)
