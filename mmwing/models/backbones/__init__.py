"""Backbones."""

from .wing_cnn import WingCNN

__all__ = ['WingCNN']
