"""Losses are measured beside each other, with what they hold in memory."""

import pytest
import torch

from mmwing.benchmark.loss_cost import measure_losses


def test_a_loss_that_holds_more_is_seen_to():
    def lean(output, target):
        return (output - target).abs().sum()

    def wasteful(output, target):
        return sum((output * factor - target).exp() for factor in range(1, 6)).sum()

    times, peaks = measure_losses({'lean': lean, 'wasteful': wasteful}, (64, 98, 2),
                                  1., rounds=2)
    assert all(values.shape == (2, ) and (values > 0).all()
               for values in times.values())
    assert peaks['wasteful'] > peaks['lean'] + 2


def test_losses_without_a_reduction_are_summed():
    times, _ = measure_losses({'none': torch.nn.L1Loss(reduction='none')}, (2, 3, 2),
                              1., rounds=1)
    assert times['none'].shape == (1, )


def test_nothing_to_measure():
    with pytest.raises(ValueError, match='rounds at least 1'):
        measure_losses({'l1': torch.nn.L1Loss()}, (2, 3, 2), 1., rounds=0)
