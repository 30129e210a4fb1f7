"""The forms in which ``.pts`` files are published, and files that are none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmwing.datasets.formats import ProblemLog, read_landmarks, read_pts
from mmwing.datasets.formats.pts import PointCountError, parse_pts

# The layout of 300-W's own files: two blanks after n_points, CRLF.
REAL = '\r\n'.join(['version: 1', 'n_points:  3', '{', '1.0 1.0', '446.000 91.000',
                    '-3.5 2e1', '}', ''])
POINTS = [[0, 0], [445, 90], [-4.5, 19]]


@pytest.fixture
def file(tmp_path):
    return tmp_path / 'face.pts'


def test_matlabs_first_pixel_becomes_zero(file):
    file.write_text(REAL, newline='')
    np.testing.assert_array_equal(read_pts(file), POINTS)


def test_zero_based_files_stay_as_they_are(file):
    file.write_text(REAL, newline='')
    np.testing.assert_array_equal(read_pts(file, origin=0), np.add(POINTS, 1))


@pytest.mark.parametrize(('text', 'has_header'), [
    (REAL.replace('n_points:  3', 'npoints: 3'), True),
    (REAL.replace('n_points:  3', 'N_Points : 3'), True),
    (REAL.replace('n_points:  3', 'n points: 3'), True),
    (REAL.replace('n_points:  3', 'image_size_x: 640'), True),
    (REAL.replace('{\r\n', '{').replace('\r\n}', ' }'), True),
    ('\ufeff' + REAL, True),
    (REAL.replace('\r\n', '\r'), True),
    ('1.0 1.0\n446.000\t91.000\n\n -3.5 2e1', False),
    ('\ufeff1.0 1.0\n446 91\n-3.5 20\n', False)])
def test_forms_that_are_about(file, text, has_header):
    file.write_bytes(text.encode())
    np.testing.assert_array_equal(read_pts(file), POINTS)
    assert parse_pts(file).has_header is has_header


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
    (REAL.replace('n_points:  3', 'npoints: 4'), PointCountError,
     'n_points says 4, found 3'),
    (REAL.replace('n_points:  3', 'n_points: three'), ValueError,
     "line 2: n_points must be a whole number, got 'three'"),
    (REAL.replace('91.000', ''), ValueError, 'line 5 has 1 numbers, expected 2'),
    # Six numbers of two points in space are not three points.
    ('n_points: 3\n{\n1 2 3\n4 5 6\n}', ValueError, 'line 3 has 3 numbers, expected 2'),
    ('1 2 3\n4 5 6\n', ValueError, 'line 1 has 3 numbers, expected 2'),
    ('1 2 3 4\n', ValueError, 'line 1 has 4 numbers, expected 2'),
    ('2\n1 2\n3 4\n', ValueError, 'line 1 has 1 numbers, expected 2'),
    (REAL.replace('446.000', 'oops'), ValueError, "line 5: 'oops' is not a number"),
    (REAL.replace('446.000', '4_46'), ValueError, "line 5: '4_46' is not a number"),
    (REAL.replace('version: 1', 'version 1'), ValueError, "line 1 is 'version 1'"),
    (REAL + '7 7', ValueError, "'7 7' stands behind"),
    (REAL.split('}')[0], ValueError, 'cut-off'),
    ('', ValueError, 'empty'),
    ('n_points: 0\n{\n}', ValueError, 'no points'),
    ('\x00\xff\x13binary', ValueError, 'not a .pts'),
])
def test_broken_files_say_what_is_wrong(file, text, error, message):
    file.write_text(text, encoding='latin-1', newline='')
    with pytest.raises(error, match=message):
        read_pts(file)


def write_folder(folder, *files):
    for index, points in enumerate(files):
        (folder / f'{index}.jpg').write_bytes(b'')
        rows = '\n'.join(f'{x} {y}' for x, y in points)
        (folder / f'{index}.pts').write_text(f'n_points: {len(points)}\n{{\n{rows}\n}}')


FACE = np.array([[201., 301], [301, 301], [251, 351], [221, 401], [281, 401]])


def test_signs_of_merl_rav_are_visibility(tmp_path):
    marked = FACE.copy()
    marked[1] *= -1
    marked[4] = -1
    hidden = FACE.copy()
    hidden[0] *= -1
    write_folder(tmp_path, FACE, marked, hidden)
    log = ProblemLog()
    records = read_landmarks(tmp_path, log=log)
    np.testing.assert_array_equal([record.visibility for record in records], [
        [2, 2, 2, 2, 2], [2, 1, 2, 2, 0], [1, 2, 2, 2, 2]])
    for record in records:
        known = record.visible
        np.testing.assert_array_equal(record.keypoints[known], FACE[known] - 1)
    assert np.isnan(records[1].keypoints[4]).all()
    note, = log.problems
    assert 'as in MERL-RAV' in note.detail


@pytest.mark.parametrize('files', [[2], [1, 2]])
def test_hidden_points_are_known_without_missing_ones(tmp_path, files):
    hidden = FACE.copy()
    hidden[0] *= -1
    write_folder(tmp_path, *[FACE, hidden][-len(files):])
    assert read_landmarks(tmp_path)[-1].visibility.tolist() == [1, 2, 2, 2, 2]


def test_a_missing_point_tells_what_signs_mean(tmp_path):
    near = FACE - (195, 295)  # so near to the corner that a point may lie outside
    near[0] *= -1
    missing = FACE.copy()
    missing[4] = -1
    write_folder(tmp_path, near, missing)
    assert read_landmarks(tmp_path)[0].visibility.tolist() == [1, 2, 2, 2, 2]
    (tmp_path / '1.pts').unlink()
    assert read_landmarks(tmp_path)[0].visibility.tolist() == [1, 1, 1, 1, 1]


def test_points_outside_the_image_stay_there(tmp_path):
    """300-W's negative coordinates: faces that the picture cuts off."""
    cut = FACE - (215, 320)
    write_folder(tmp_path, FACE, cut)
    log = ProblemLog()
    record = read_landmarks(tmp_path, log=log)[1]
    assert (record.keypoints < 0).all(1).any()
    np.testing.assert_array_equal(record.keypoints, cut - 1)
    assert record.visible.all() and log.problems == []


def test_files_without_header_are_read_with_one_note(tmp_path):
    write_folder(tmp_path, FACE, FACE, FACE)
    for index in (0, 1):
        (tmp_path / f'{index}.pts').write_text(
            '\n'.join(f'{x} {y}' for x, y in FACE))
    log = ProblemLog()
    for record in read_landmarks(tmp_path, log=log):
        np.testing.assert_array_equal(record.keypoints, FACE - 1)
    note, = log.problems
    assert '2 .pts files have no header, the first of them 0.pts' in note.detail
    assert len(read_landmarks(tmp_path)) == 3  # a note is no reason to stop


@pytest.mark.parametrize('suffix', ['.webp', '.JPE', '.dib', '.avif', '.gif', '.pnm'])
def test_images_that_opencv_decodes(tmp_path, suffix):
    write_folder(tmp_path, FACE)
    (tmp_path / '0.jpg').rename(tmp_path / f'0{suffix}')
    assert read_landmarks(tmp_path)[0].image_path == str(tmp_path / f'0{suffix}')


def test_names_that_differ_in_case(tmp_path):
    write_folder(tmp_path, FACE)
    (tmp_path / 'Face.pts').write_text((tmp_path / '0.pts').read_text())
    (tmp_path / 'face.pts').write_text((tmp_path / '0.pts').read_text())
    (tmp_path / 'face.png').write_bytes(b'')
    (tmp_path / 'OTHER.PNG').write_bytes(b'')
    (tmp_path / 'other.pts').write_text((tmp_path / '0.pts').read_text())
    images = {record.where: record.image_path for record in read_landmarks(tmp_path)}
    assert images[str(tmp_path / 'face.pts')] == str(tmp_path / 'face.png')
    # Not the image of the other one.
    assert images[str(tmp_path / 'Face.pts')] == str(tmp_path / 'Face.jpg')
    assert images[str(tmp_path / 'other.pts')] == str(tmp_path / 'OTHER.PNG')


def test_two_images_of_one_stem_are_not_chosen_from(tmp_path):
    write_folder(tmp_path, FACE)
    (tmp_path / '0.png').write_bytes(b'')
    with pytest.raises(ValueError, match=r'0\.pts: 0\.jpg and 0\.png lie beside it'):
        read_landmarks(tmp_path)
