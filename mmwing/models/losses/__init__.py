"""Losses, in pixels of the network input."""

from .base import ResidualLoss
from .heatmap import AdaptiveWingLoss, HeatmapWingLoss
from .regression import (
    GeneralRobustLoss,
    L1Loss,
    L2Loss,
    RectifiedWingLoss,
    SmoothL1Loss,
    SoftWingLoss,
    WingLoss,
)

__all__ = ['AdaptiveWingLoss', 'GeneralRobustLoss', 'HeatmapWingLoss', 'L1Loss',
           'L2Loss', 'RectifiedWingLoss', 'ResidualLoss', 'SmoothL1Loss',
           'SoftWingLoss', 'WingLoss']
