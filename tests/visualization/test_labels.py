import numpy as np

from mmwing.visualization.labels import free_directions


def test_directions_point_away_from_the_neighbours():
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1.]])
    np.testing.assert_allclose(free_directions(square), (square - .5) * 2 / np.sqrt(2))


def test_the_nearest_neighbour_counts_most():
    points = np.array([[0, 0], [0.1, 0], [-9, 0], [-9, 1.]])
    np.testing.assert_allclose(free_directions(points)[0], [-1, 0], atol=.01)


def test_points_alone_missing_or_twice():
    up = [1 / np.sqrt(2), -1 / np.sqrt(2)]
    np.testing.assert_allclose(free_directions(np.array([[3, 4.]])), [up])
    points = np.array([[0, 0], [np.nan, 0], [0, 0], [1, 0]])
    np.testing.assert_allclose(free_directions(points), [[-1, 0], up, [-1, 0], [1, 0]])
