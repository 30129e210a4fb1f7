"""Losses, heads, backbones and pose estimators."""

from . import backbones, data_preprocessors, heads, losses, pose_estimators
from .units import set_loss_units

__all__ = ['backbones', 'data_preprocessors', 'heads', 'losses', 'pose_estimators',
           'set_loss_units']
