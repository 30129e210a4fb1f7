"""Losses, heads, backbones and pose estimators."""

from . import backbones, heads, losses, pose_estimators

__all__ = ['backbones', 'heads', 'losses', 'pose_estimators']
