import cv2
import pytest

from mmwing.visualization import draw_box_sensitivity


def test_curve_is_drawn(tmp_path):
    draw_box_sensitivity([0.1, 0, 0.05], {'NME': [0.2, 0.04, 0.05]},
                         tmp_path / 'curve.png')
    assert cv2.imread(str(tmp_path / 'curve.png')).std() > 10


def test_wrong_length(tmp_path):
    with pytest.raises(ValueError, match="'NME' has 1 values for 2 levels"):
        draw_box_sensitivity([0, 0.1], {'NME': [0.1]}, tmp_path / 'curve.png')
