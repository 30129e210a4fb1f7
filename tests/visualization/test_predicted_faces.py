"""Predicted faces are drawn where they are, sized by the face."""

import numpy as np

from mmwing.visualization.predicted_faces import draw_predicted_faces

GREY = np.full((600, 700, 3), 128, np.uint8)


def square(x, y, side):
    return np.array([[x, y], [x + side, y], [x + side, y + side], [x, y + side]], float)


def changed(drawn, image=GREY):
    return np.argwhere((drawn != image).any(-1))[:, ::-1]


def test_the_image_itself_is_left_alone_without_faces():
    drawn = draw_predicted_faces(GREY, [])
    assert drawn is not GREY and (drawn == GREY).all()


def test_points_lie_where_they_are():
    points = square(100, 200, 240)
    drawn = draw_predicted_faces(GREY, [points])
    distance = np.hypot(*(changed(drawn)[:, None] - points).transpose(2, 0, 1)).min(1)
    assert distance.max() < 6 and len(changed(drawn)) > 40


def test_points_and_lines_grow_with_the_face():
    small, large = (len(changed(draw_predicted_faces(GREY, [square(50, 50, side)])))
                    for side in (100, 480))
    assert large > 4 * small


def test_contours_join_landmarks_in_colours_of_their_own():
    drawn = draw_predicted_faces(GREY, [square(100, 100, 300)],
                                 contours=[[0, 1], [3, 2]])
    above, below = drawn[100, 250], drawn[400, 250]
    assert (above != 128).any() and (below != 128).any() and (above != below).any()
    assert (drawn[250, 100] == 128).all()  # 0 and 3 are not joined


def test_landmarks_of_little_confidence_are_hollow():
    points = square(100, 100, 300)
    sure, unsure = (draw_predicted_faces(GREY, [points], scores=[np.full(4, score)])
                    for score in (0.9, 0.1))
    assert sure[100, 100].max() > 200 > unsure[100, 100].max()
    unknown = draw_predicted_faces(GREY, [points], scores=[np.full(4, np.nan)])
    assert (unknown == sure).all()


def test_what_is_not_finite_is_left_out():
    points = square(100, 100, 300)
    points[2] = np.nan
    assert not (changed(draw_predicted_faces(GREY, [points])) > 390).all(1).any()
    lost = draw_predicted_faces(GREY, [np.full((4, 2), np.nan)])
    assert (lost == GREY).all()


def test_small_pictures_are_enlarged_and_points_stay_in_place():
    small = np.full((60, 100, 3), 128, np.uint8)
    drawn = draw_predicted_faces(small, [square(10, 10, 30)],
                                 boxes=[np.array([10., 10, 40, 40])], captions=['0.93'])
    assert drawn.shape == (360, 600, 3)
    plain = draw_predicted_faces(small, [square(10, 10, 30)])
    seen = changed(plain, np.full_like(plain, 128))
    # Pixel 10 of six times as many is 60 to 65.
    assert np.abs(seen.min(0) - 62.5).max() < 5
