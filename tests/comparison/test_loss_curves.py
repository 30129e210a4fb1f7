import numpy as np
import pytest
from mmpose.models import losses as mmpose_losses

from mmwing.comparison.loss_curves import curve, draw_loss_curves
from mmwing.models import losses


def test_wing_and_its_gradient_in_pixels():
    errors = np.array([1., 5, 20])
    values, gradient = curve(losses.WingLoss(), errors)
    offset = 10 - 10 * np.log1p(10 / 2)
    np.testing.assert_allclose(values, [*10 * np.log1p(errors[:2] / 2), 20 - offset])
    np.testing.assert_allclose(gradient, [10 / 3, 10 / 7, 1])


def test_mmpose_smooth_l1_is_l2_on_normalised_coordinates():
    """The argument of the picture: below beta = 1 there is nothing but the square."""
    errors = np.array([2., 4, 8])
    values, _ = curve(mmpose_losses.SmoothL1Loss(), errors, input_size=256)
    np.testing.assert_allclose(values[1:] / values[:-1], 4)


def test_the_picture_is_written(tmp_path):
    draw_loss_curves(tmp_path / 'losses.svg', input_size=64)
    assert '</svg>' in (tmp_path / 'losses.svg').read_text()
    with pytest.raises(ValueError, match='input_size must be positive, got 0'):
        draw_loss_curves(tmp_path / 'losses.svg', input_size=0)
