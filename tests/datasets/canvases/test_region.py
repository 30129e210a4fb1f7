"""What a canvas shows lies where its matrix says, whole and without aliasing."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmwing.datasets.canvases import check_covered, regions_of
from mmwing.geometry import invert, transform_points


def ramp(height, width):
    """x and y of each pixel as its values; 100 more, so that none is 0."""
    ys, xs = np.mgrid[:height, :width].astype(float)
    return np.dstack([xs / 4 + 30, ys / 4 + 30, xs * 0 + 200]).round().astype(np.uint8)


@given(side=st.floats(5, 700), x=st.floats(-100, 800), y=st.floats(-50, 600),
       size=st.integers(7, 190), context=st.floats(1, 3))
@settings(max_examples=60, deadline=None)
def test_pixels_are_where_the_matrix_says(side, x, y, size, context):
    box = np.array([[x, y, x + side, y + 0.8 * side]])
    regions = regions_of(box, size, context)
    photo = ramp(601, 703)
    canvas = regions.cut(0, photo, 1)
    assert canvas.shape == (size, size, 3)
    # Cubic interpolation reaches two pixels beyond the photo, where it is black.
    inside = cv2.erode((canvas[..., 2] == 200).astype(np.uint8), np.ones((5, 5)),
                       borderValue=1).astype(bool)
    places = np.stack(np.meshgrid(*[np.arange(size)] * 2), -1).reshape(-1, 2)
    found = transform_points(invert(regions.matrix(0)), places.astype(float))
    expected = (found / 4 + 30).reshape(size, size, 2)
    off = np.abs(canvas[..., :2] - expected)[inside]
    # Rounded in the photo, and twice on the way.
    assert off.size == 0 or off.max() < 1.6


@given(side=st.floats(5, 3000), x=st.floats(-1000, 1000), size=st.integers(7, 190),
       context=st.floats(1, 3))
@settings(max_examples=200, deadline=None)
def test_a_region_holds_its_box_with_the_context(side, x, size, context):
    regions = regions_of(np.array([[x, -x, x + side, 0.5 * side - x]]), size, context)
    centre = np.array([x + side / 2, 0.25 * side - x])
    low, high = regions.corner[0] - 0.5, regions.corner[0] + regions.side[0] - 0.5
    reach = context * side / 2 - 0.51
    assert (low <= centre - reach).all() and (high >= centre + reach).all()
    assert regions.side[0] % regions.reduction[0] == 0
    assert (regions.corner[0] % regions.reduction[0] == 0).all()
    assert regions.side[0] >= regions.reduction[0] * size


def test_a_small_face_is_copied():
    regions = regions_of(np.array([[40, 30, 70, 66]]), 80, 2.)
    photo = np.random.default_rng(0).integers(0, 256, (150, 140, 3), np.uint8)
    x, y = regions.corner[0]
    assert regions.side[0] == 80
    np.testing.assert_array_equal(regions.cut(0, photo, 1),
                                  photo[y:y + 80, x:x + 80])


def test_a_large_face_is_shrunk_without_aliasing():
    # Stripes of one pixel are grey from afar; every second pixel would be black.
    photo = np.zeros((800, 800, 3), np.uint8)
    photo[:, ::2] = 255
    canvas = regions_of(np.array([[100, 100, 700, 700]]), 64, 1.).cut(0, photo, 1)
    assert canvas.min() > 100 and canvas.max() < 155


def test_what_is_not_in_the_photo_is_black():
    regions = regions_of(np.array([[-90., -90, -20, -20]]), 64, 1.)
    assert not regions.cut(0, np.full((50, 50, 3), 255, np.uint8), 1).any()


def test_a_box_that_cannot_be_a_face():
    with pytest.raises(ValueError, match='box of face 1 is not finite'):
        regions_of(np.array([[0, 0, 1, 1], [0, 0, np.nan, 1]]), 64, 1.)
    with pytest.raises(ValueError, match='cannot be a face'):
        regions_of(np.array([[0, 0, 1e6, 1]]), 64, 1.).cut(
            0, np.zeros((9, 9, 3), np.uint8), 1)


def test_a_crop_that_needs_more_than_the_canvas():
    photo = (400, 400)
    regions = regions_of(np.array([[150., 150, 250, 250]]), 100, 1.5)
    arguments = photo, regions.matrix(0), 100, 'a.jpg'
    centre = np.array([200., 200])
    check_covered(centre, np.array([74., 74]), *arguments)
    with pytest.raises(ValueError, match=r"'a\.jpg' .* 25 pixels .* larger context"):
        check_covered(centre, np.array([74., 100]), *arguments)
    # Where the photo ends, its canvas may end, too.
    edge = regions_of(np.array([[0., 0, 100, 100]]), 100, 1.5)
    check_covered(np.array([50., 50]), np.array([74., 74]), (101, 101),
                  edge.matrix(0), 100, 'a.jpg')
