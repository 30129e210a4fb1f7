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


@pytest.mark.parametrize(('runs', 'message'), [
    ({}, 'runs is empty'), ({'one': np.array([np.nan])}, "'one' has no usable face")])
def test_bad_runs(runs, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        draw_ced(runs, tmp_path / 'ced.png')
