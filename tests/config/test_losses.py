"""What is known of the losses by their names."""

import pytest
import torch

from mmwing.config.losses import find_loss, loss_names, takes_heatmaps

COORDINATE_LOSSES = [name for name in loss_names()
                     if not takes_heatmaps(find_loss(name))]


def test_the_papers_scale_at_256_pixels():
    assert find_loss('WingLoss').scaled_lengths(256) == dict(omega=40, epsilon=8)


@pytest.mark.parametrize('name', COORDINATE_LOSSES)
def test_scaled_lengths_keep_the_shape(name):
    """The scaled loss on a face four times as large is the same up to a factor."""
    loss = find_loss(name)
    x = torch.linspace(-60, 60, 241, dtype=torch.float64)
    small = loss().penalty(x)
    large = loss(**loss.scaled_lengths(256)).penalty(4 * x)
    # Fitted in least squares; a constant factor fits exactly.
    factor = (large @ small) / (small @ small)
    torch.testing.assert_close(large, factor * small)
