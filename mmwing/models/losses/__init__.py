"""Losses, in pixels of the network input."""

from .base import ResidualLoss
from .heatmap import AdaptiveWingLoss, HeatmapWingLoss
from .likelihood import ErrorLikelihood
from .regression import (
    GeneralRobustLoss,
    L1Loss,
    L2Loss,
    RectifiedWingLoss,
    SmoothL1Loss,
    SoftWingLoss,
    WingLoss,
)

__all__ = ['AdaptiveWingLoss', 'ErrorLikelihood', 'GeneralRobustLoss',
           'HeatmapWingLoss', 'L1Loss', 'L2Loss', 'RectifiedWingLoss', 'ResidualLoss',
           'SmoothL1Loss', 'SoftWingLoss', 'WingLoss']
