"""Data sets, transforms and data set wrappers."""

from . import face, transforms, wrappers

__all__ = ['face', 'transforms', 'wrappers']
