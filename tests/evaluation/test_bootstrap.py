import numpy as np
import pytest

from mmwing.evaluation.bootstrap import (
    bootstrap_interval,
    bootstrap_means,
    paired_differences,
)


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


def test_seeds_are_drawn_together_with_faces():
    """Independent reference: a plain loop with the same generators."""
    values = np.random.default_rng(4).normal(0, 1, (12, 2, 3))
    faces, seeds = np.random.default_rng(5), np.random.default_rng(5)
    draws = [faces.integers(12, size=12) for _ in range(40)]
    chosen = seeds.integers(3, size=(40, 3))
    expected = [[values[np.ix_(draw, [figure], seed)].mean() for figure in range(2)]
                for draw, seed in zip(draws, chosen, strict=True)]
    np.testing.assert_allclose(bootstrap_means(values, 40, 5), expected)


def test_one_seed_is_as_without_seeds():
    values = np.random.default_rng(6).random((30, 2))
    np.testing.assert_array_equal(bootstrap_means(values[..., None], 50),
                                  bootstrap_means(values, 50))


def test_a_constant_difference_has_no_width_however_the_faces_scatter():
    values = np.random.default_rng(7).gamma(2, 1, (40, 1, 3))
    difference, = paired_differences(values + 0.25, values, 100)
    np.testing.assert_allclose(
        [difference.mean, difference.low, difference.high], 0.25)
    assert difference.is_clear


def test_unusable_faces_are_left_out_and_failed_ones_do_not_differ():
    ours = np.array([[1.], [np.nan], [np.inf], [2.]])
    theirs = np.array([[0.], [7.], [np.inf], [2.]])
    difference, = paired_differences(ours, theirs, 200)
    assert difference.mean == pytest.approx(1 / 3) and difference.low == 0


@pytest.mark.parametrize(('call', 'message'), [
    (lambda: paired_differences(np.ones((3, 1)), np.ones((2, 1))), 'the same shape'),
    (lambda: bootstrap_means(np.ones((0, 1))), 'at least one face'),
    (lambda: bootstrap_means(np.ones(3)), 'values must be'),
    (lambda: bootstrap_means(np.ones((3, 1)), 0), 'num_resamples'),
    (lambda: bootstrap_means(np.ones((3, 1)), 1.5), 'num_resamples must be a whole'),
    (lambda: bootstrap_interval(np.ones((3, 1)), confidence=95), 'confidence')])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
