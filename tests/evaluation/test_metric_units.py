"""What looks as if it were in different units is said, and what does not is not."""

import logging
import warnings

import numpy as np
import pytest
import torch
from mmengine.logging import MMLogger

from mmwing.evaluation import FaceAlignmentMetric
from mmwing.evaluation import functional as F

RNG = np.random.default_rng(0)
SHAPE = RNG.uniform(0, 100, (68, 2))
TARGET = SHAPE + RNG.normal(0, 5, (20, 68, 2)) + RNG.uniform(0, 200, (20, 1, 2))
PRED = TARGET + RNG.normal(0, 2, TARGET.shape)
BOXES = np.concatenate([TARGET.min(1), TARGET.max(1)], 1)
ERRORS = F.nme(PRED, TARGET, reduction='none')
MIDDLE = TARGET.mean((0, 1))

#: What codecs and data sets make of coordinates in pixels of an input.
RANGES = {
    '[0, 1]': lambda points: points / 300,
    '[-1, 1]': lambda points: points / 150 - 1,
    'below -1': lambda points: points / 150 - 1.3,
    'standardised': lambda points: (points - MIDDLE) / points.std(),
    'standardised faces': lambda points: (
        points - points.mean(1, keepdims=True)) / points.std((1, 2), keepdims=True),
}


def one_outlier(points):
    """A point that a network has thrown far away."""
    points = points.copy()
    points[3, 7] = 1e4
    return points


@pytest.mark.parametrize('change', RANGES.values(), ids=RANGES)
@pytest.mark.parametrize('disturb', [np.copy, one_outlier])
def test_normalised_landmarks_beside_pixels(change, disturb):
    with pytest.warns(UserWarning, match='pred looks normalised and target') as record:
        F.nme(disturb(change(PRED)), TARGET)
    assert record[0].filename == __file__
    with pytest.warns(UserWarning, match='target looks normalised and pred'):
        F.nme(torch.tensor(PRED), torch.tensor(change(TARGET)), reduction='none')


@pytest.mark.parametrize('change', [lambda points: points, *RANGES.values()])
def test_one_unit_is_not_doubted(change):
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        F.nme(one_outlier(change(PRED)), change(TARGET))
        F.nme(change(TARGET[:, ::-1]), change(TARGET))  # a bad network
        F.failure_rate(change(PRED), change(TARGET), thr=0.08)


def test_pixels_of_the_crop_taken_for_those_of_the_image():
    """Predictions in [0, 1] that were moved to the box without being scaled."""
    with pytest.warns(UserWarning, match='faces of pred are 0.0.* times as large'):
        F.nme(TARGET.mean(1, keepdims=True) + PRED / 3000, TARGET)


@pytest.mark.parametrize('normalizer', ['box_width', BOXES[:, 2] - BOXES[:, 0]])
def test_lengths_in_another_unit(normalizer):
    boxes = BOXES / 300
    lengths = normalizer if isinstance(normalizer, str) else normalizer / 300
    with pytest.warns(UserWarning, match='for the middle face.*different units'):
        F.nme(PRED, TARGET, lengths, boxes=boxes)
    with pytest.warns(UserWarning, match='different units'):
        F.nme(PRED / 300, TARGET / 300, normalizer, boxes=BOXES)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        F.nme(PRED, TARGET, normalizer, boxes=BOXES)
        F.nme(PRED, TARGET, np.ones(20))  # errors in pixels


@pytest.mark.parametrize('function', [F.failure_rate, F.auc])
def test_thresholds_and_errors_in_per_cent(function):
    with pytest.warns(UserWarning, match='0.08 for 8 % of the normaliser') as record:
        function(PRED, TARGET, thr=8)
    assert record[0].filename == __file__
    with pytest.warns(UserWarning, match='0.1 for 10 %'):
        function(ERRORS, thr=10)
    with pytest.warns(UserWarning, match='per cent are divided by 100'):
        function(ERRORS * 100, thr=0.1)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        function(ERRORS, thr=0.1)
        function(ERRORS * 100, thr=10)  # both in per cent
        function(PRED, TARGET, thr=3, normalizer=np.ones(20))  # both in pixels


@pytest.mark.parametrize('thr', [8, (0.08, 10.0), 1])
def test_the_metric_refuses_thresholds_in_per_cent(thr):
    with pytest.raises(ValueError, match='a threshold is a fraction, 0'):
        FaceAlignmentMetric(thr=thr)


def log_of(pred, target, caplog, **arguments):
    metric = FaceAlignmentMetric(**arguments)
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    try:
        with caplog.at_level(logging.WARNING, logger.name):
            metric.process(None, [{
                'img_path': f'{index}.png', 'box_size': 0.5,
                'pred_instances': {'keypoints': pred[index:index + 1]},
                'gt_instances': {
                    'keypoints': target[index:index + 1],
                    'keypoints_visible': np.ones((1, 68)),
                    'bboxes': BOXES[index:index + 1] / 300}} for index in range(20)])
            metric.evaluate(20)
    finally:
        logger.removeHandler(caplog.handler)
    return caplog.text


def test_the_metric_says_so_too(caplog):
    assert 'pred looks normalised' in log_of(PRED / 300, TARGET, caplog)


def test_one_odd_face_is_no_reason(caplog):
    pred = PRED.copy()
    pred[0] /= 300
    assert 'looks' not in log_of(pred, TARGET, caplog)


@pytest.mark.parametrize('name', ['box_width', 'item:box_size'])
def test_the_metric_doubts_lengths(caplog, name):
    text = log_of(PRED, TARGET, caplog, normalizer=name)
    assert f'the normalizer {name} is 0.' in text and 'different units' in text
