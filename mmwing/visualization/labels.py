"""Find free places for the labels of points that lie close together."""

import numpy as np


def free_directions(points: np.ndarray) -> np.ndarray:
    """Return the direction from each point in which its neighbours are far.

    Each of the other points repels by the inverse square of its distance, as in a
    force-directed layout.

    Args:
        points: (K, 2), x and y in any unit; NaN for points that are not there.

    Returns:
        Unit vectors (K, 2). Up and to the right (y downwards) where nothing repels.
    """
    points = np.asarray(points, np.float64)
    apart = points[:, None] - points[None]
    distance = np.linalg.norm(apart, axis=-1, keepdims=True)
    with np.errstate(invalid='ignore', divide='ignore'):
        force = np.nansum(apart / distance**3, axis=1)
        length = np.linalg.norm(force, axis=-1, keepdims=True)
        directions = force / length
    nowhere = ~np.isfinite(directions).all(1)
    directions[nowhere] = np.array([1, -1]) / np.sqrt(2)
    return directions
