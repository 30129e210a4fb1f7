"""Penalties of the losses and figures of the evaluation, as plain functions.

Penalties are element-wise functions of a residual tensor, each the core of the loss of
that name: no unit, no weight, no reduction (see :mod:`mmwing.models.losses.penalties`).
Figures take landmarks (N, K, 2) as numpy arrays or torch tensors, and are also
``mmwing.nme`` and so on (see :mod:`mmwing.evaluation.functional`).
"""

from mmwing.evaluation.functional import auc, ced, failure_rate, nme
from mmwing.models.losses.penalties import (
    adaptive_wing,
    general_robust,
    l1,
    l2,
    rectified_wing,
    smooth_l1,
    soft_wing,
    wing,
)

__all__ = [
    # Penalties.
    'adaptive_wing', 'general_robust', 'l1', 'l2', 'rectified_wing', 'smooth_l1',
    'soft_wing', 'wing',
    # Figures.
    'auc', 'ced', 'failure_rate', 'nme',
]
