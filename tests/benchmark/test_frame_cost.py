"""Times of a frame: each step is measured, on one and the same face."""

import numpy as np
import pytest

from mmwing.benchmark.frame_cost import measure_frame, painted_frame
from mmwing.runtime.face import Face
from mmwing.runtime.landmarker import Landmarker


class Found:
    """A detector that counts its calls."""

    def __init__(self):
        self.shapes = []

    def detect(self, rgb):
        self.shapes.append(rgb.shape)
        return np.zeros((0, 4)), np.zeros(0)


class Corners(Landmarker):
    """Finds the corners of a box."""

    def __init__(self, detector):
        super().__init__(detector, batch_size=1, looks=1)
        self.boxes = []

    @property
    def dataset_meta(self):
        return {'dataset_name': 'corners'}

    def _predict(self, faces):
        for place, _, box, _ in faces:
            self.boxes.append(box)
            yield place, Face(box.reshape(2, 2), np.full(2, np.nan), box)


def test_every_step_of_every_landmarker_is_timed():
    detector = Found()
    first, second = Corners(detector), Corners(None)
    times = measure_frame({'first': first, 'second': second}, rounds=3)
    assert list(times) == ['first', 'second']
    for steps in times.values():
        assert list(steps) == ['detector', 'landmarks', 'drawing', 'frame']
        assert all(each.shape == (3, ) and (each > 0).all() for each in steps.values())
        np.testing.assert_allclose(steps['frame'], steps['detector']
                                   + steps['landmarks'] + steps['drawing'])
    assert detector.shapes == [(720, 1280, 3)] * 4
    _, box = painted_frame()
    for landmarker in (first, second):
        np.testing.assert_allclose(np.stack(landmarker.boxes), box.repeat(
            len(landmarker.boxes), 0))
    assert len(second.boxes) == 4


def test_the_face_is_where_its_box_says():
    frame, (box, ) = painted_frame()
    assert (box >= 0).all() and box[2] < 1280 and box[3] < 720
    left, top, right, bottom = box.round().astype(int)
    assert (frame[top:bottom, left:right] != 127).mean() > 0.9


def test_nothing_to_measure():
    with pytest.raises(ValueError, match='ways must not be empty'):
        measure_frame({})
