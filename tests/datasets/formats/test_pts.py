import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmwing.datasets.converters import read_pts
from mmwing.datasets.formats.pts import PointCountError

# The layout of 300-W's own files: two blanks after n_points, CRLF.
REAL = '\r\n'.join(['version: 1', 'n_points:  3', '{', '1.0 1.0', '446.000 91.000',
                    '-3.5 2e1', '}', ''])


@pytest.fixture
def file(tmp_path):
    return tmp_path / 'face.pts'


def test_matlabs_first_pixel_becomes_zero(file):
    file.write_text(REAL, newline='')
    np.testing.assert_array_equal(read_pts(file), [[0, 0], [445, 90], [-4.5, 19]])


def test_zero_based_files_stay_as_they_are(file):
    file.write_text(REAL, newline='')
    np.testing.assert_array_equal(read_pts(file, origin=0),
                                  [[1, 1], [446, 91], [-3.5, 20]])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(*[st.floats(-1e4, 1e4)] * 2), min_size=1, max_size=100))
def test_any_points_come_back(tmp_path_factory, points):
    path = tmp_path_factory.mktemp('pts') / 'x.pts'
    rows = '\n'.join(f'{x!r} {y!r}' for x, y in points)
    path.write_text(f'version: 1\nn_points: {len(points)}\n{{\n{rows}\n}}\n')
    np.testing.assert_array_equal(read_pts(path, origin=0), points)


@pytest.mark.parametrize('text, error, message', [
    (REAL.replace('n_points:  3', 'n_points: 4'), PointCountError,
     'n_points says 4, found 3'),
    (REAL.replace('91.000', ''), ValueError, 'x y pairs, got 5'),
    (REAL.replace('446.000', 'oops'), ValueError, 'oops'),
    (REAL.split('}')[0], ValueError, 'cut-off'),
    ('', ValueError, 'empty'),
    ('\x00\xff\x13binary', ValueError, 'not a .pts'),
])
def test_broken_files_say_what_is_wrong(file, text, error, message):
    file.write_text(text, encoding='latin-1')
    with pytest.raises(error, match=message):
        read_pts(file)
