"""The version, also of the package on an index."""

__version__ = '0.1.0'
