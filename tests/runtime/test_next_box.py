"""The box of a second look."""

import numpy as np
import pytest

from mmwing.runtime.boxes import next_box

BOX = np.array([10, 20, 110, 140], np.float32)
FACE = np.random.default_rng(0).uniform([20, 30], [120, 130], (68, 2))


def test_the_next_box_lies_tightly_around_the_landmarks():
    box = next_box(FACE, BOX)
    np.testing.assert_allclose(box, [*FACE.min(0), *FACE.max(0)], rtol=1e-6)
    assert box.dtype == np.float32


def test_the_next_box_moves_and_grows_with_the_face():
    moved = next_box(FACE * 2 + 7, BOX * 2 + 7)
    np.testing.assert_allclose(moved, next_box(FACE, BOX) * 2 + 7, rtol=1e-5)


@pytest.mark.parametrize('found', [
    np.where(np.arange(136).reshape(68, 2) == 5, np.nan, FACE),
    np.full_like(FACE, np.inf),
    FACE + [100, 0],
    (FACE - FACE.mean(0)) * 4 + BOX[:2] + 50,
    (FACE - FACE.mean(0)) * 0.2 + BOX[:2] + 50,
    np.tile(FACE.mean(0), (68, 1)),
], ids=['NaN', 'inf', 'beside', 'large', 'small', 'a point'])
def test_landmarks_of_no_face_change_nothing(found):
    np.testing.assert_array_equal(next_box(found, BOX), BOX)
