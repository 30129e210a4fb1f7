import cv2
import numpy as np
import pytest

from mmwing.visualization.differences import draw_differences


def colored_x(path):
    """Columns of the marks of the first two names, blue and orange."""
    picture = cv2.imread(str(path)).astype(int)
    blue, orange = ((np.abs(picture - color).sum(-1) < 30)[:-60].any(0).nonzero()[0]
                    for color in ((0xb2, 0x72, 0x00), (0x00, 0x5e, 0xd5)))
    return blue, orange


def test_intervals_lie_where_they_are(tmp_path):
    rows = {'WingLoss': (0.01, 0.009, 0.011), 'L2Loss': (-0.01, -0.02, 0.0)}
    draw_differences({'a': rows}, tmp_path / 'a.png', 'L1Loss')
    blue, orange = colored_x(tmp_path / 'a.png')
    assert blue.min() > orange.max()
    assert np.ptp(orange) > 5 * np.ptp(blue)


def test_each_study_takes_its_lines(tmp_path):
    rows = {'WingLoss': (0.01, 0.0, 0.02)}
    draw_differences({'a': rows}, tmp_path / 'one.png', 'L1Loss')
    draw_differences({'a': rows, '$b': rows, 'without': {}}, tmp_path / 'two.png',
                     'L1Loss')
    one, two = (cv2.imread(str(tmp_path / f'{name}.png')) for name in ('one', 'two'))
    assert two.shape[0] > one.shape[0] and two.shape[1] == one.shape[1]


def test_nothing_to_draw(tmp_path):
    with pytest.raises(ValueError, match='must compare something'):
        draw_differences({'a': {}}, tmp_path / 'a.png', 'L1Loss')
    assert not list(tmp_path.iterdir())
