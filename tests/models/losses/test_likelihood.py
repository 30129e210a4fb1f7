"""ErrorLikelihood: a density, and least where the expectation is right."""

import math

import numpy as np
import pytest
import torch

from mmwing.models import losses
from mmwing.models.losses import ErrorLikelihood

LOSSES = [losses.L1Loss(), losses.L2Loss(), losses.WingLoss(),
          losses.WingLoss(omega=3, epsilon=0.5), losses.SoftWingLoss(),
          losses.RectifiedWingLoss(), losses.SmoothL1Loss(beta=2.0)]


@pytest.mark.parametrize('loss', LOSSES, ids=str)
@pytest.mark.parametrize('expected', [0.3, 5.0])
def test_is_a_density_with_the_mean_that_was_expected(loss, expected):
    likelihood = ErrorLikelihood(loss)
    # In rings: fine near 0, where Wing's density is steep.
    edges = expected * np.concatenate([[0], np.geomspace(1e-6, 2e3, 400_000)])
    r = torch.from_numpy((edges[1:] + edges[:-1]) / 2)
    log_expected = torch.full_like(r, math.log(expected))
    ring = (torch.exp(-likelihood(r, log_expected)) * 2 * math.pi * r
            * torch.from_numpy(np.diff(edges)))
    assert ring.sum().item() == pytest.approx(1, abs=1e-4)
    assert (ring * r).sum().item() == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize('mean', [0.7, 4.0])
def test_least_where_the_mean_is(mean):
    """Of distances drawn from it, no other expectation has a smaller one."""
    distance = torch.from_numpy(np.random.default_rng(0).gamma(2, mean / 2, 200_000))
    candidates = torch.linspace(0.5, 2, 31).double() * mean
    values = ErrorLikelihood(losses.L1Loss())(
        distance, candidates.log()[:, None].expand(-1, len(distance))).mean(1)
    best = candidates[int(values.argmin())].item()
    assert best == pytest.approx(distance.mean().item(), rel=0.05)


def test_of_l1_by_hand():
    likelihood = ErrorLikelihood(losses.L1Loss())
    value = likelihood(torch.tensor(3.), torch.tensor(2.).log())
    assert likelihood.mean == 2
    # s = 1: p = exp(-3) / (2 pi).
    assert value.item() == pytest.approx(3 + math.log(2 * math.pi), rel=1e-6)


@pytest.mark.parametrize('loss', [losses.AdaptiveWingLoss(),
                                  losses.GeneralRobustLoss(alpha=0., c=1.),
                                  losses.GeneralRobustLoss(alpha=-2., c=1.)], ids=str)
def test_penalties_that_make_none(loss):
    with pytest.raises(ValueError, match=r"mmwing\.L1Loss"):
        ErrorLikelihood(loss)
