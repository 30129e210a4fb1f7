"""The paper's shape vector ``s = [x1, ..., xL, y1, ..., yL]``.

Feng et al. (CVPR 2018, Section 3) regress this vector; MMPose and mmwing keep
landmarks as (N, L, 2).
"""

from torch import Tensor


def points_to_shape_vector(points: Tensor) -> Tensor:
    """Turn landmarks into shape vectors.

    Args:
        points (Tensor): Landmarks (..., L, 2) as (x, y).

    Returns:
        Tensor: (..., 2L), all x before all y.

    Raises:
        ValueError: If ``points`` does not end in (L, 2).
    """
    if points.ndim < 2 or points.shape[-1] != 2:
        raise ValueError('points must have the shape (..., L, 2), got '
                         f'{tuple(points.shape)}')
    return points.transpose(-1, -2).flatten(-2)


def shape_vector_to_points(vector: Tensor) -> Tensor:
    """Turn shape vectors into landmarks.

    Args:
        vector (Tensor): (..., 2L), all x before all y.

    Returns:
        Tensor: Landmarks (..., L, 2) as (x, y).

    Raises:
        ValueError: If the last dimension of ``vector`` is odd.
    """
    if vector.ndim < 1 or vector.shape[-1] % 2:
        raise ValueError('vector must have the shape (..., 2L), got '
                         f'{tuple(vector.shape)}')
    return vector.unflatten(-1, (2, vector.shape[-1] // 2)).transpose(-1, -2)
