"""Data sets, transforms, data set wrappers and a sampler."""

from . import face, samplers, transforms, wrappers

__all__ = ['face', 'samplers', 'transforms', 'wrappers']
