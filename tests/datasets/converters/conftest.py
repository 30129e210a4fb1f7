"""Fixtures of the converters' tests."""

import pytest
from miniature import MAKERS


@pytest.fixture(autouse=True)
def small_aflw(monkeypatch):
    from mmwing.datasets.converters.aflw import AFLWConverter
    monkeypatch.setattr(AFLWConverter, 'expected', {'train': 3, 'test': 2})


@pytest.fixture
def make(tmp_path, monkeypatch):
    """``make('wflw')`` writes a miniature archive below ``tmp_path/raw``."""
    # MMPose's classes look for `configs/_base_/datasets/*.py` here first.
    monkeypatch.chdir(tmp_path)
    return lambda name: MAKERS[name](tmp_path / 'raw' / name)
