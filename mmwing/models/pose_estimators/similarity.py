"""Similarities of the plane in batches: fit, apply, join, undo.

A similarity (scale, rotation, shift; no reflection) is a (N, 2, 3) matrix
``[[a, -b, x], [b, a, y]]`` that maps pixels to pixels. All functions are
differentiable, run on any device and halt none.
"""

import torch
from torch import Tensor


def similarity(a: Tensor, b: Tensor, source: Tensor, target: Tensor) -> Tensor:
    """The similarity with a given turn that maps one point onto another.

    Args:
        a (Tensor): Scale times cosine, (N,).
        b (Tensor): Scale times sine, (N,); positive turns x towards y.
        source (Tensor): A point, (N, 2).
        target (Tensor): Where it shall go, (N, 2).

    Returns:
        Tensor: (N, 2, 3).
    """
    turn = torch.stack([torch.stack([a, -b], -1), torch.stack([b, a], -1)], -2)
    shift = target - (turn @ source.unsqueeze(-1)).squeeze(-1)
    return torch.cat([turn, shift.unsqueeze(-1)], -1)


def transform_points(matrix: Tensor, points: Tensor) -> Tensor:
    """Map points (N, K, 2) by matrices (N, 2, 3)."""
    return points @ matrix[..., :2].mT + matrix[..., 2].unsqueeze(-2)


def invert(matrix: Tensor) -> Tensor:
    """The similarities (N, 2, 3) that undo similarities (N, 2, 3)."""
    # The inverse of a rotation is its transpose; the scale counts twice.
    squared_scale = matrix[..., 0].square().sum(-1)[..., None, None]
    turn = matrix[..., :2].mT / squared_scale
    return torch.cat([turn, -turn @ matrix[..., 2:]], -1)


def compose(outer: Tensor, inner: Tensor) -> Tensor:
    """``outer`` after ``inner``, both (N, 2, 3)."""
    turn = outer[..., :2]
    return torch.cat([turn @ inner[..., :2],
                      turn @ inner[..., 2:] + outer[..., 2:]], -1)


def scale_of(matrix: Tensor) -> Tensor:
    """Scales (N,) of similarities (N, 2, 3)."""
    return matrix[..., 0].norm(dim=-1)


def fit_similarity(source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Fit shapes to shapes: centroid on centroid, size on size, the best rotation.

    The rotation is that of least squares (Procrustes). The scale is the ratio of the
    sizes (root of the summed squared distances from the centroid) instead of that
    of least squares, which shrinks what does not fit: fitting in the other direction
    gives the inverse.

    Args:
        source (Tensor): Shapes, (N, K, 2), not all points of one in one place.
        target (Tensor): The same for the target, (N, K, 2) or (1, K, 2).

    Returns:
        tuple[Tensor, Tensor]: Matrices (N, 2, 3) from source to target, and how well
        the shapes agree (N,): 1 for similar ones, near 0 for unrelated ones.
    """
    source_center, target_center = source.mean(1), target.mean(1)
    p = source - source_center.unsqueeze(1)
    q = target - target_center.unsqueeze(1)
    dot = (p * q).sum((1, 2))
    cross = (p[..., 0] * q[..., 1] - p[..., 1] * q[..., 0]).sum(1)
    source_size = p.square().sum((1, 2)).sqrt()
    target_size = q.square().sum((1, 2)).sqrt()
    # Unrelated shapes have no best rotation; dividing by 0 would make a NaN of it.
    tiny = torch.finfo(dot.dtype).tiny
    length = (dot.square() + cross.square()).clamp(min=tiny).sqrt()
    scale = target_size / source_size
    matrix = similarity(scale * dot / length, scale * cross / length,
                        source_center, target_center.expand_as(source_center))
    return matrix, length / (source_size * target_size)
