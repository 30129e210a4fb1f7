import cv2
import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from mmwing.visualization import draw_error_map


def test_worst_landmark_is_the_darkest(tmp_path):
    """Landmark 1, on the right, has five times the error of the others."""
    shape = np.array([[0, 0], [1, 0], [0, 1], [np.nan, 1]])
    path = tmp_path / 'map.png'
    draw_error_map(shape, np.array([0.01, 0.05, 0.01, 0.5]), path)
    image = cv2.imread(str(path)).astype(int)
    image = image[:, :int(image.shape[1] * 0.8)]  # without the colour bar
    darkest = np.array(matplotlib.colormaps['viridis_r'](1.)[2::-1]) * 255  # BGR
    where = np.argwhere(np.abs(image - darkest).max(-1) < 20)
    assert len(where) > 50
    assert where[:, 1].min() > image.shape[1] / 2
    assert where[:, 0].max() < image.shape[0] / 2  # y points down


@pytest.mark.parametrize('errors', [
    [0.031, 0.03, 0.032], [0.03, 0.03, 0.03], [0, 0, 0]])
def test_colours_span_the_errors_that_occur(errors, tmp_path, monkeypatch):
    """Ticks of the colour bar lie about the errors, however close they are."""
    bars = []
    monkeypatch.setattr(Figure, 'colorbar', lambda self, marks, **_: bars.append(marks))
    draw_error_map(np.eye(3)[:, :2], np.array(errors), tmp_path / 'map.png')
    low, high = bars[0].get_clim()
    assert low >= 0
    assert low <= 100 * min(errors) and high >= 100 * max(errors)
    assert high - low <= max(100 * (max(errors) - min(errors)), 0.03) + 1e-9


@pytest.mark.parametrize(('shape', 'errors', 'message'), [
    (np.zeros((3, 2)), np.zeros(4), 'mean_face must have the shape'),
    (np.zeros((3, 2)), np.full(3, np.nan), 'nothing to draw')])
def test_bad_input(shape, errors, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        draw_error_map(shape, errors, tmp_path / 'map.png')
