"""The offset of the labels is found, on what is annotated alone."""

import dataclasses

import numpy as np
import pytest

from mmwing.evaluation.label_offset import label_offset


@pytest.fixture
def labelled(make_faces):
    """Faces that are found exactly, and whose labels lie right of that."""

    def make(offsets, annotated=None):
        faces = make_faces(num_faces=len(offsets), num_landmarks=5)
        if annotated is None:
            annotated = np.ones((len(offsets), 5), bool)
        labels = faces.pred + np.array([[x, 3] for x in offsets])[:, None]
        labels[~annotated] += 1e6
        return dataclasses.replace(faces, gt=labels, annotated=annotated)

    return make


def test_mean_and_interval(labelled):
    offsets = np.linspace(0, 2, 50)
    found, low, high = label_offset(labelled(offsets))
    assert found == pytest.approx(1)
    half = 1.96 * offsets.std() / np.sqrt(50)
    assert low == pytest.approx(1 - half, abs=0.03)
    assert high == pytest.approx(1 + half, abs=0.03)


def test_what_is_known_already_counts(labelled):
    assert label_offset(labelled([0.25] * 4), known=0.75)[0] == pytest.approx(1)


def test_landmarks_without_annotation_say_nothing(labelled):
    annotated = np.array([[True, False, True, True, False]] * 3)
    annotated[0] = False  # a face without any
    assert label_offset(labelled([9., 1., 1.], annotated))[0] == pytest.approx(1)
    with pytest.raises(ValueError, match='no annotated face'):
        label_offset(labelled([1.] * 3, np.zeros((3, 5), bool)))
