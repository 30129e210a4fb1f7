import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mmwing.datasets.converters.images import ImagePlan, Window


def blob(centre, size=(200, 160)):
    """A Gaussian bump at a pixel position, and nothing elsewhere."""
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    # Floating-point pixels, so that rounding does not blur the comparison.
    return Image.fromarray(np.float32(np.exp(
        -((x - centre[0])**2 + (y - centre[1])**2) / (2 * 6.0**2))))


@settings(max_examples=40, deadline=None)
@given(x=st.floats(40, 60), y=st.floats(40, 60), left=st.integers(-25, 10),
       top=st.integers(-25, 10), out=st.integers(30, 110))
def test_points_follow_the_pixels_at_every_reduction(x, y, left, top, out):
    window = Window(left, top, 110, out)
    pixels = np.asarray(window.cut(blob((x, y))), dtype=float)
    assert pixels.shape == (out, out)
    yy, xx = np.mgrid[:out, :out]
    centroid = (xx * pixels).sum() / pixels.sum(), (yy * pixels).sum() / pixels.sum()
    np.testing.assert_allclose(centroid, window.points(np.array([[x, y]]))[0],
                               atol=0.01)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(-30, 300), st.floats(-30, 300)), min_size=2,
                max_size=9, unique=True), st.floats(1, 4))
def test_a_window_has_the_side_asked_for_around_the_landmark_box(points, factor):
    points = np.array(points)
    longer = (points.max(axis=0) - points.min(axis=0)).max()
    window = Window.around(points, factor, None)
    assert window.side == max(1, np.ceil(factor * longer))
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    centre = np.array([window.left, window.top]) + (window.side - 1) / 2
    assert np.abs(centre - middle).max() <= 0.5 + 1e-9


def test_size_reduces_and_never_enlarges():
    points = np.array([[10., 10.], [60., 40.]])
    assert Window.around(points, 2.0, 320).out == 100
    assert Window.around(points, 2.0, 64).out == 64


def test_boxes_keep_their_relation_to_the_points():
    window = Window(5, 7, 100, 50)
    x, y, w, h = window.box((25.0, 27.0, 40.0, 20.0))
    np.testing.assert_allclose((x, y), window.points(np.array([[25.0, 27.0]]))[0])
    assert (w, h) == (20, 10)


def test_faces_of_one_image_get_crops_of_their_own():
    one = Window(5, 7, 100, 50).file_name('a/b.JPG')
    two = Window(6, 7, 100, 50).file_name('a/b.JPG')
    assert one != two
    assert one.startswith('a/b.') and one.endswith('.jpg')


@pytest.mark.parametrize('arguments, message', [
    ({'mode': 'move'}, "images must be 'copy'"),
    ({'mode': 'crop'}, 'crop goes with'),
    ({'mode': 'link', 'crop': 2.0}, 'crop goes with'),
    ({'mode': 'crop', 'crop': 0.5}, '1 to 10 times'),
    ({'size': 320}, 'goes with crop'),
    ({'mode': 'crop', 'crop': 2.0, 'size': 0}, 'at least 1 pixel'),
])
def test_arguments_that_do_not_fit(arguments, message):
    with pytest.raises(ValueError, match=message):
        ImagePlan(**arguments)
