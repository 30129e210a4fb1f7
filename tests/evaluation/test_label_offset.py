"""The offset of the labels is found, on what is annotated alone."""

import numpy as np
import pytest

from mmwing.registry import METRICS


def samples(offsets, visible=None):
    rng = np.random.default_rng(0)
    for offset in offsets:
        truth = rng.random((1, 5, 2)) * 100
        labels = truth + [offset, 3]
        seen = np.ones((1, 5)) if visible is None else np.array([visible])
        labels[seen == 0] += 1e6
        yield {'pred_instances': {'keypoints': truth},
               'gt_instances': {'keypoints': labels, 'keypoints_visible': seen}}


def measure(offsets, visible=None, **kwargs):
    metric = METRICS.build({'type': 'mmwing.LabelOffsetMetric', **kwargs})
    metric.process(None, list(samples(offsets, visible)))
    return metric.evaluate(len(offsets))


def test_mean_and_interval():
    offsets = np.linspace(0, 2, 50)
    found = measure(offsets)
    assert found['label_offset'] == pytest.approx(1)
    half = 1.96 * offsets.std() / np.sqrt(50)
    assert found['label_offset_low'] == pytest.approx(1 - half, abs=0.03)
    assert found['label_offset_high'] == pytest.approx(1 + half, abs=0.03)


def test_what_is_known_already_counts():
    assert measure([0.25] * 4, known=0.75)['label_offset'] == pytest.approx(1)


def test_landmarks_without_annotation_say_nothing():
    assert measure([1.] * 3, [1, 0, 1, 1, 0])['label_offset'] == pytest.approx(1)
    with pytest.raises(ValueError, match='no annotated face'):
        measure([1.] * 3, [0] * 5)
