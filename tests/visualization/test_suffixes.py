"""What the suffixes promise can be written."""

import numpy as np
import pytest

from mmwing.visualization.figure import figure_file
from mmwing.visualization.suffixes import FIGURE_SUFFIXES, PICTURE_SUFFIXES
from mmwing.visualization.tile import save_picture


@pytest.mark.parametrize('suffix', PICTURE_SUFFIXES)
def test_sheets_of_faces(suffix, tmp_path):
    save_picture(tmp_path / f'a{suffix}', np.zeros((8, 8, 3), np.uint8))
    assert (tmp_path / f'a{suffix}').stat().st_size > 0


@pytest.mark.parametrize('suffix', FIGURE_SUFFIXES)
def test_figures(suffix, tmp_path):
    with figure_file(tmp_path / f'a{suffix}') as figure:
        figure.add_subplot()
    assert (tmp_path / f'a{suffix}').stat().st_size > 0
