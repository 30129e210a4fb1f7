import re

import cv2
import numpy as np
import pytest

from mmwing.visualization import draw_ced


def test_a_better_run_has_more_below(tmp_path):
    errors = np.random.default_rng(0).gamma(2, 0.02, 100)
    draw_ced({'one': errors, 'two': 2 * errors}, tmp_path / 'ced.png')
    image = cv2.imread(str(tmp_path / 'ced.png'))
    assert image.shape[0] > 300 and image.std() > 10


def test_all_failed_run_is_drawn(tmp_path):
    draw_ced({'one': np.array([np.inf, np.nan])}, tmp_path / 'ced.svg')
    assert '</svg>' in (tmp_path / 'ced.svg').read_text()


def texts_of(path):
    """What an SVG file says; matplotlib writes it into comments beside the glyphs."""
    return re.findall(r'<!-- (.*?) -->', path.read_text())


def test_errors_beyond_the_axis_are_told(tmp_path):
    far, near = np.full(3, 0.3), np.full(3, 0.03)
    draw_ced({'far': far}, tmp_path / 'far.svg')
    assert 'All errors are above 10 %, where the axis ends' in texts_of(
        tmp_path / 'far.svg')
    draw_ced({'far': far, 'near': near}, tmp_path / 'both.svg')
    said = [text for text in texts_of(tmp_path / 'both.svg') if 'above 10 %' in text]
    assert len(said) == 1 and said[0].startswith('far: ')


@pytest.mark.parametrize(('runs', 'message'), [
    ({}, 'runs is empty'), ({'one': np.array([np.nan])}, "'one' has no usable face")])
def test_bad_runs(runs, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        draw_ced(runs, tmp_path / 'ced.png')
