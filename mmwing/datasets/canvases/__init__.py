"""Canvases: squares cut once out of the photos around the faces, kept in one file."""

from .face import CanvasFace
from .painted import painter_digest
from .region import Regions, check_covered, regions_of
from .store import CanvasStore, read_canvases

__all__ = ['CanvasFace', 'CanvasStore', 'Regions', 'check_covered', 'painter_digest',
           'read_canvases', 'regions_of']
