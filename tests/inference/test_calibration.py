"""Measuring and calibrating the confidence of a model, whole."""

import json

import numpy as np
import pytest
import torch

from mmwing.evaluation.confidence import ExpectedErrors
from mmwing.inference.calibration import (
    MeasuredConfidence,
    describe_confidence,
    measure_confidence,
    write_calibrated,
    write_confidence_report,
)
from mmwing.inference.models import load_evaluation_config, load_model

OPTIONS = {'test_dataloader.num_workers': 0,
           'test_dataloader.persistent_workers': False,
           'test_dataloader.dataset.num_samples': 6}


def measure(checkpoint, work_dir):
    cfg = load_evaluation_config(checkpoint, OPTIONS)
    cfg.load_from = str(checkpoint)
    cfg.work_dir = str(work_dir)
    return measure_confidence(cfg)


def test_a_calibrated_copy_keeps_its_word(confident, tmp_path):
    measured = measure(confident, tmp_path / 'work')
    factor = measured.figures.factor
    assert measured.errors.expected.shape == (6, 68)
    assert abs(np.log(factor)) > 0.05
    # Boxes beside the faces are other boxes.
    assert (measured.background_scores != measured.face_scores).all()
    out = tmp_path / 'calibrated.pth'
    write_calibrated(confident, factor, out)
    before, after = (load_model(path, device='cpu').state_dict()
                     for path in (confident, out))
    for name, value in after.items():
        expected = before[name] * (factor if name.endswith('calibration') else 1)
        torch.testing.assert_close(value, expected, msg=name)
    # The mean of ratios, which the factor is.
    ratio = measured.errors.actual / (measured.errors.expected * factor)
    assert ratio.mean() == pytest.approx(1)


@pytest.mark.parametrize('factor, message', [
    (float('nan'), 'factor must be a positive number'), (0., 'must be a positive')])
def test_no_factor(confident, tmp_path, factor, message):
    with pytest.raises(ValueError, match=message):
        write_calibrated(confident, factor, tmp_path / 'out.pth')
    assert not (tmp_path / 'out.pth').exists()


def test_a_model_without_confidence(checkpoint, tmp_path):
    with pytest.raises(ValueError, match='0 confidences'):
        write_calibrated(checkpoint, 1.5, tmp_path / 'out.pth')
    with pytest.raises(ValueError, match='predicts no errors.*confidence=dict'):
        measure(checkpoint, tmp_path / 'work')


def test_a_damaged_checkpoint(tmp_path):
    torch.save([1, 2], tmp_path / 'list.pth')
    with pytest.raises(ValueError, match='0 confidences'):
        write_calibrated(tmp_path / 'list.pth', 1.5, tmp_path / 'out.pth')


def test_a_report(tmp_path):
    generator = np.random.default_rng(0)
    expected = generator.uniform(1, 4, (30, 5))
    actual = generator.gamma(2, expected / 2)
    actual[3, 2] = np.nan
    measured = MeasuredConfidence(
        ExpectedErrors(expected, actual, 1 / expected, actual < 3),
        background_scores=generator.uniform(0, 0.2, 30))
    write_confidence_report(measured, tmp_path / 'report')
    figures = json.loads((tmp_path / 'report' / 'confidence.json').read_text())
    assert figures['faces'] == 30 and figures['landmarks'] == 149
    assert figures['face_auroc'] == 1
    assert figures['factor'] == pytest.approx(measured.figures.factor)
    rows = (tmp_path / 'report' / 'confidence.csv').read_text().splitlines()
    assert rows[0] == 'expected_error,actual_error,score,found' and len(rows) == 11
    assert (tmp_path / 'report' / 'confidence.png').stat().st_size > 10_000
    text = describe_confidence(measured)
    assert f'{measured.figures.factor:.3f}' in text and 'AUROC 1.0000' in text
