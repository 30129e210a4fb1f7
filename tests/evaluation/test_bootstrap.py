import numpy as np
import pytest

from mmwing.evaluation.bootstrap import bootstrap_interval, bootstrap_means


def test_spread_is_the_standard_error_of_the_mean():
    values = np.random.default_rng(0).normal(5, 2, (400, 1))
    means = bootstrap_means(values, 4000)
    assert means.mean() == pytest.approx(values.mean(), abs=0.01)
    assert means.std() == pytest.approx(values.std() / 20, rel=0.05)


def test_interval_is_that_of_the_normal_distribution():
    values = np.random.default_rng(1).normal(0, 1, (1000, 1))
    low, high = bootstrap_interval(values, 4000)
    half = 1.96 * values.std() / np.sqrt(1000)
    np.testing.assert_allclose([low[0], high[0]],
                               [values.mean() - half, values.mean() + half], atol=0.006)


def test_columns_see_the_same_draws():
    values = np.random.default_rng(2).random((50, 1))
    means = bootstrap_means(np.hstack([values, values + 1]), 300)
    np.testing.assert_allclose(means[:, 1] - means[:, 0], 1, rtol=1e-12)


def test_same_seed_same_interval():
    values = np.random.default_rng(3).random((50, 1))
    assert np.array_equal(bootstrap_means(values, 100, 7),
                          bootstrap_means(values, 100, 7))
    assert not np.array_equal(bootstrap_means(values, 100, 7),
                              bootstrap_means(values, 100, 8))


def test_infinite_value_gives_infinite_means_and_no_nan():
    values = np.ones((30, 2))
    values[0, 0] = np.inf
    means = bootstrap_means(values, 200)
    assert np.isinf(means[:, 0]).any() and not np.isnan(means).any()
    assert (means[:, 1] == 1).all()
    low, high = bootstrap_interval(values, 200)
    assert np.isinf(high[0]) and low[0] == 1


def test_infinite_values_keep_their_sign():
    values = np.array([[-np.inf], *[[1.]] * 9])
    assert set(np.sign(bootstrap_means(values, 100)[:, 0])) == {-1, 1}


@pytest.mark.parametrize(('call', 'message'), [
    (lambda: bootstrap_means(np.ones((0, 1))), 'at least one face'),
    (lambda: bootstrap_means(np.ones(3)), 'values must be'),
    (lambda: bootstrap_means(np.ones((3, 1)), 0), 'num_resamples'),
    (lambda: bootstrap_interval(np.ones((3, 1)), confidence=95), 'confidence')])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
