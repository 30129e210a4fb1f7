"""Canvases: squares cut once out of the photos around the faces, kept in one file."""

from .region import Regions, check_covered, regions_of
from .store import CanvasStore

__all__ = ['CanvasStore', 'Regions', 'check_covered', 'regions_of']
