"""The offset of the labels is found, on what is annotated alone."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
from mmengine.dataset import Compose

from mmwing.datasets.transforms import RemoveLabelOffset
from mmwing.evaluation.label_offset import (
    LabelOffset,
    measure_label_offset,
    removed_offset,
)
from mmwing.registry import TRANSFORMS


@pytest.fixture
def labelled(make_faces):
    """Faces that are found exactly, and whose labels lie right of that."""

    def make(offsets, visible=None):
        faces = make_faces(num_faces=len(offsets), num_keypoints=5)
        if visible is None:
            visible = np.ones((len(offsets), 5), bool)
        labels = faces.pred + np.array([[x, 3] for x in offsets])[:, None]
        labels[~visible] += 1e6
        return dataclasses.replace(faces, gt=labels, visible=visible)

    return make


def test_mean_and_interval(labelled):
    offsets = np.linspace(0, 2, 50)
    found = measure_label_offset(labelled(offsets))
    assert found.value == pytest.approx(1)
    half = 1.96 * offsets.std() / np.sqrt(50)
    assert found.low == pytest.approx(1 - half, abs=0.03)
    assert found.high == pytest.approx(1 + half, abs=0.03)


def test_what_is_removed_already_counts(labelled):
    found = measure_label_offset(labelled([0.25] * 4), removed=0.75)
    assert found.value == pytest.approx(1)
    assert not found.is_right
    assert measure_label_offset(labelled([0.] * 4), removed=0.75).is_right


def test_landmarks_without_annotation_say_nothing(labelled):
    visible = np.array([[True, False, True, True, False]] * 3)
    visible[0] = False  # a face without any
    found = measure_label_offset(labelled([9., 1., 1.], visible))
    assert found.value == pytest.approx(1)
    with pytest.raises(ValueError, match='no annotated face'):
        measure_label_offset(labelled([1.] * 3, np.zeros((3, 5), bool)))


def test_data_sets_that_are_joined_are_read_alike():
    def reads(*offsets, inner=()):
        steps = [RemoveLabelOffset(offset=offset) for offset in offsets]
        return SimpleNamespace(pipeline=Compose(steps), datasets=list(inner))

    wrapped = SimpleNamespace(dataset=reads(0.5, 0.3))
    assert removed_offset(wrapped) == pytest.approx(0.8)
    assert removed_offset(reads()) == 0
    # MMEngine's ConcatDataset has no pipeline; MMPose's CombinedDataset has one more.
    joined = SimpleNamespace(datasets=[reads(0.7, 0.1), reads(0.8)])  # but for rounding
    assert removed_offset(joined) == pytest.approx(0.8)
    assert removed_offset(reads(0.2, inner=[reads(0.5)])) == pytest.approx(0.7)
    with pytest.raises(ValueError, match=r'subtracts 0\.8 and 0 in'):
        removed_offset(SimpleNamespace(datasets=[wrapped, reads()]))


@pytest.mark.parametrize(('found', 'line'), [
    (LabelOffset(0.1, -0.05, 0.25), None),
    (LabelOffset(0.78, 0.6, 0.9, removed=0.8), None),
    (LabelOffset(1.05, 0.89, 1.22),
     "dict(type='mmwing.RemoveLabelOffset', offset=1.05)"),
    (LabelOffset(-0.5, -0.6, -0.4),
     "dict(type='mmwing.RemoveLabelOffset', offset=-0.50)"),
    (LabelOffset(0.1, -0.05, 0.25, removed=0.8),
     "dict(type='mmwing.RemoveLabelOffset', offset=0.10)")])
def test_advice_is_to_leave_it_or_a_line_for_the_config(found, line):
    advice = found.advice()
    if line is None:
        assert advice.endswith('leave the config as it is.')
        assert 'RemoveLabelOffset' not in advice
        return
    assert line in advice
    assert ('in the place of offset=0.8' in advice) == bool(found.removed)
    # What is printed is what a config may say.
    step = eval(line, {'dict': dict})
    assert TRANSFORMS.build(step).offset == (pytest.approx(found.value), 0)
