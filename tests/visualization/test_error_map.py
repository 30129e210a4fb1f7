import cv2
import numpy as np
import pytest

from mmwing.visualization import draw_error_map


def test_worst_landmark_is_the_darkest(tmp_path):
    """Landmark 1, on the right, has five times the error of the others."""
    shape = np.array([[0, 0], [1, 0], [0, 1], [np.nan, 1]])
    path = tmp_path / 'map.png'
    draw_error_map(shape, np.array([0.01, 0.05, 0.01, 0.5]), path)
    image = cv2.imread(str(path)).astype(int)
    image = image[:, :int(image.shape[1] * 0.8)]  # without the colour bar
    dark_red = (image[..., 2] > 100) & (image[..., 1] < 30) & (image[..., 0] < 60)
    where = np.argwhere(dark_red)
    assert len(where) > 50
    assert where[:, 1].min() > image.shape[1] / 2
    assert where[:, 0].max() < image.shape[0] / 2  # y points down


@pytest.mark.parametrize(('shape', 'errors', 'message'), [
    (np.zeros((3, 2)), np.zeros(4), 'mean_face must have the shape'),
    (np.zeros((3, 2)), np.full(3, np.nan), 'nothing to draw')])
def test_bad_input(shape, errors, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        draw_error_map(shape, errors, tmp_path / 'map.png')
