"""Measure a model's confidence on faces held out, and put its factor right."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.runner import CheckpointLoader, Runner

from mmwing.config import build_runner
from mmwing.config.boxes import with_background_boxes
from mmwing.config.looks import set_looks
from mmwing.csv_cells import csv_text
from mmwing.evaluation.confidence import (
    ConfidenceFigures,
    ExpectedErrors,
    auroc,
    confidence_figures,
    quantile_means,
    rejection_curve,
)
from mmwing.files import check_file, write_bytes, write_json, write_text
from mmwing.visualization.reliability import draw_reliability

_KEY = 'confidence.calibration'


@dataclass(frozen=True, eq=False)
class MeasuredConfidence:
    """What a test of confidence has measured.

    Attributes:
        errors: Of the faces.
        background_scores: Face-level scores of boxes without a face, one for each
            face.
    """

    errors: ExpectedErrors
    background_scores: np.ndarray

    @property
    def face_scores(self) -> np.ndarray:
        """Means of the landmarks' scores, (N,)."""
        return self.errors.scores.mean(1)

    @property
    def face_auroc(self) -> float:
        """Probability that a face has a higher score than a box without one."""
        return auroc(self.background_scores, self.face_scores)

    @property
    def figures(self) -> ConfidenceFigures:
        """Of the landmarks."""
        return confidence_figures(self.errors)


def measure_confidence(cfg: Config) -> MeasuredConfidence:
    """Test a model twice: on the faces of a config's test, and beside them.

    Args:
        cfg: Of a test, with ``load_from``. Left as it is.

    Raises:
        ValueError: If the model has no confidence, or a pipeline no
            ``GetBBoxCenterScale``.
    """
    faces = _test(cfg)
    beside = cfg.copy()
    beside.test_dataloader = with_background_boxes(cfg.test_dataloader)
    return MeasuredConfidence(faces, _test(beside).scores.mean(1))


def _test(cfg: Config) -> ExpectedErrors:
    cfg = cfg.copy()
    set_looks(cfg)
    cfg.test_evaluator = [{'type': 'mmwing.ConfidenceMetric'}]
    runner: Runner = build_runner(cfg)
    runner.test()
    return runner.test_evaluator.metrics[0].errors


def describe_confidence(measured: MeasuredConfidence) -> str:
    """The figures as text."""
    figures, errors = measured.figures, measured.errors
    known = errors.known
    table = quantile_means(errors.expected[known], errors.expected[known],
                           errors.actual[known], errors.scores[known],
                           errors.found[known])
    rows = ['{:>8.2f}{:>9.2f}{:>9.3f}{:>9.3f}'.format(*row) for row in table.tolist()]
    return '\n'.join([
        f'{len(errors)} faces, {known.sum()} landmarks, by the error to be expected in '
        f'pixels of the network input, in {len(table)} parts:',
        'expected   actual    score    found', *rows,
        f'factor by which expected errors are met: {figures.factor:.3f}',
        'expected off actual errors, of the mean error: '
        f'{figures.calibration_error:.1%}',
        f'scores off the share of landmarks found: {figures.score_error:.3f}',
        f'rank correlation: {figures.spearman:.3f}, of faces '
        f'{figures.spearman_faces:.3f}',
        'mean error over all shares that may be kept, of the mean error of all: '
        f'{figures.rejection_area:.3f} (1 for constant scores; '
        f'{figures.rejection_area_landmarks:.3f} by the number of the landmark alone; '
        f'{figures.rejection_area_best:.3f} by the actual error)',
        f'mean score of faces: {measured.face_scores.mean():.3f}, of boxes beside: '
        f'{measured.background_scores.mean():.3f}, AUROC {measured.face_auroc:.4f}'])


def write_calibrated(checkpoint: str | os.PathLike, factor: float,
                     out: str | os.PathLike) -> None:
    """Copy a checkpoint with its calibration multiplied.

    Args:
        checkpoint: Of a model with one head that has a confidence.
        factor: What :func:`mmwing.evaluation.confidence.calibration_factor` gives.
        out: The copy.

    Raises:
        ValueError: If there is no confidence in the checkpoint, or more than one, or
            the factor is no positive number.
        OSError: If the file cannot be written.
    """
    if not 0 < factor < np.inf:
        raise ValueError(f'factor must be a positive number, got {factor!r}')
    content: Any = CheckpointLoader.load_checkpoint(os.fspath(checkpoint), 'cpu',
                                                    logger='silent')
    weights = content.get('state_dict') if isinstance(content, Mapping) else None
    keys = [key for key in weights or () if key.endswith(_KEY)]
    if weights is None or len(keys) != 1:
        raise ValueError(f'{os.fspath(checkpoint)!r} has {len(keys)} confidences '
                         f'(…{_KEY} in its state_dict); one is needed')
    check_file(Path(out))
    weights[keys[0]] = weights[keys[0]] * factor
    buffer = io.BytesIO()
    torch.save(content, buffer)
    write_bytes(Path(out), buffer.getvalue())


def write_confidence_report(measured: MeasuredConfidence,
                            directory: str | os.PathLike) -> None:
    """Write ``confidence.json`` (figures), ``.csv`` (parts) and ``.png``.

    Args:
        measured: What was measured.
        directory: Where to; made when missing.
    """
    directory = Path(directory)
    errors = measured.errors
    known = errors.known
    expected, actual = errors.expected[known], errors.actual[known]
    scores, found = errors.scores[known], errors.found[known]
    table = quantile_means(expected, expected, actual, scores, found)
    write_json(directory / 'confidence.json', {
        'faces': len(errors), 'landmarks': int(known.sum()),
        'mean_error': float(actual.mean()), **asdict(measured.figures),
        'face_auroc': measured.face_auroc,
        'face_score': float(measured.face_scores.mean()),
        'background_score': float(measured.background_scores.mean())})
    write_text(directory / 'confidence.csv', csv_text([
        ['expected_error', 'actual_error', 'score', 'found'],
        *([f'{value:.4f}' for value in row] for row in table.tolist())]))
    draw_reliability(table[:, :2], {
        'expected errors': rejection_curve(expected, actual),
        'random order': rejection_curve(np.zeros_like(actual), actual),
        'actual errors': rejection_curve(actual, actual)},
        directory / 'confidence.png')
