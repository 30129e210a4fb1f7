"""The filter of landmarks, against the paper and for what it is there."""

import math

import numpy as np
import pytest

from mmwing.inference import OneEuroFilter


def paper(values, times, min_cutoff, beta, derivative_cutoff):
    """Algorithms 1 and 2 of Casiez et al., line by line, for numbers."""
    def alpha(cutoff, period):
        tau = 1.0 / (2 * math.pi * cutoff)
        return 1.0 / (1.0 + tau / period)

    filtered, last, slope, previous = [], None, 0.0, None
    for value, time in zip(values, times, strict=True):
        if last is None:
            last = value
        else:
            rate = 1 / (time - previous)
            a = alpha(derivative_cutoff, 1 / rate)
            slope = a * (value - last) * rate + (1 - a) * slope
            a = alpha(min_cutoff + beta * abs(slope), 1 / rate)
            last = a * value + (1 - a) * last
        previous = time
        filtered.append(last)
    return np.array(filtered)


@pytest.mark.parametrize('angle', [0, 0.7])
def test_it_is_the_formula_of_the_paper_in_sides_of_the_face(angle):
    rng = np.random.default_rng(0)
    values = np.cumsum(rng.normal(0, 3, 50))
    times = np.cumsum(rng.uniform(0.01, 0.1, 50))
    side = 40.0
    expected = paper(values / side, times, 1.5, 0.8, 2.0) * side
    direction = np.array([np.cos(angle), np.sin(angle)])
    smooth = OneEuroFilter(1.5, 0.8, 2.0)
    got = [smooth(np.array([value * direction, [5, 5]]), time, side)
           for value, time in zip(values, times, strict=True)]
    np.testing.assert_allclose([points[0] @ direction for points in got], expected,
                               atol=1e-4)
    np.testing.assert_array_equal([points[1] for points in got],
                                  np.full((50, 2), 5))  # each landmark by itself


def test_near_faces_and_far_ones_are_smoothed_alike():
    path = np.cumsum(np.random.default_rng(1).normal(0, 2, (20, 68, 2)), axis=0)
    near, far = OneEuroFilter(), OneEuroFilter()
    for index, points in enumerate(path):
        np.testing.assert_allclose(near(points * 8, index / 25, 800),
                                   far(points, index / 25, 100) * 8, rtol=1e-5,
                                   atol=1e-3)


def test_at_rest_jitter_is_halved_and_in_motion_the_lag_is_less_than_two_frames():
    rng = np.random.default_rng(2)
    side, rate, noise = 100.0, 25, 1.0
    points = rng.uniform(0, side, (68, 2))
    still, moving = OneEuroFilter(), OneEuroFilter()
    step = np.array([0.5 * side / rate, 0])  # half a face a second
    rest, behind = [], []
    for index in range(100):
        seen = points + rng.normal(0, noise, (68, 2))
        rest.append(still(seen, index / rate, side) - points)
        behind.append((points + index * step
                       - moving(seen + index * step, index / rate, side)) / step[0])
    assert np.std(rest[20:]) < noise / 2
    assert np.mean(behind[20:], axis=(0, 1))[0] < 2


@pytest.mark.parametrize('time', [0.1, 0.2, np.nan])
def test_time_has_to_go_on(time):
    smooth = OneEuroFilter()
    smooth(np.zeros((3, 2)), 0.2, 1)
    with pytest.raises(ValueError, match='time must go on'):
        smooth(np.zeros((3, 2)), time, 1)


@pytest.mark.parametrize('argument', [
    {'min_cutoff': 0}, {'beta': -1}, {'derivative_cutoff': math.inf},
    {'beta': math.nan}, {'min_cutoff': 'x'}, {'beta': None}])
def test_bad_arguments_are_named(argument):
    with pytest.raises(ValueError, match=next(iter(argument))):
        OneEuroFilter(**argument)
