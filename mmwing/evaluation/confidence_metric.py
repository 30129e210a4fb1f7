"""Measure the confidence of a model in a test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric

from mmwing.registry import METRICS

from .confidence import ExpectedErrors, confidence_figures


@METRICS.register_module()
class ConfidenceMetric(BaseMetric):
    """Expected against actual errors of landmarks, of heads with ``confidence``.

    The figures are those of
    :class:`mmwing.evaluation.confidence.ConfidenceFigures`; ``errors`` holds what they
    were computed from. Lengths are in pixels of the network input, of a cascade in
    those of its canvas.

    Args:
        thr (float): A landmark counts as found within this share of the input's side
            (the root of its area): that of which the head's scores are the probability.
            Of a cascade, the scores' share is of the last crop. Defaults to 0.05.
        collect_device (str): As in MMEngine.
        prefix (str, optional): As in MMEngine.
        collect_dir (str, optional): As in MMEngine.

    Raises:
        ValueError: In the test, if predictions have no ``keypoint_errors``.

    Example:
        >>> import mmwing, numpy as np
        >>> true = np.random.default_rng(0).uniform(0, 128, (1, 40, 2))
        >>> sample = dict(
        ...     input_size=(128, 128), input_scale=(256., 256.),  # half of the pixels
        ...     gt_instances=dict(keypoints=true, keypoints_visible=np.ones((1, 40))),
        ...     pred_instances=dict(
        ...         keypoints=true + (0, 4), keypoint_scores=np.full((1, 40), 0.9),
        ...         keypoint_errors=np.full((1, 40), 1.)))  # in pixels of the input
        >>> metric = mmwing.ConfidenceMetric()
        >>> metric.process(None, [sample, sample])
        >>> round(metric.evaluate(size=2)['confidence/factor'], 3)
        2.0
    """

    default_prefix = 'confidence'

    def __init__(self, thr: float = 0.05, collect_device: str = 'cpu',
                 prefix: str | None = None, collect_dir: str | None = None) -> None:
        super().__init__(collect_device, prefix, collect_dir)
        self.thr = thr
        self.errors: ExpectedErrors | None = None

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Collect expected and actual errors.

        Args:
            data_batch: Not used.
            data_samples: Samples with ``pred_instances`` and ``gt_instances``, as
                MMPose's estimators return them.
        """
        for sample in data_samples:
            found = sample['pred_instances']
            if 'keypoint_errors' not in found:
                raise ValueError(
                    'the model predicts no errors: its head was built without '
                    'confidence=dict()')
            truth = sample['gt_instances']
            # Crops are cut without a change of aspect: one factor for both axes.
            to_input = sample['input_size'][0] / float(sample['input_scale'][0])
            visible = np.asarray(truth['keypoints_visible'])
            visible = (visible[..., 0] if visible.ndim == 3 else visible) > 0
            distance = np.linalg.norm(
                np.asarray(found['keypoints'], np.float64)[..., :2]
                - np.asarray(truth['keypoints'], np.float64)[..., :2], axis=-1)
            self.results.append({
                'expected': np.asarray(found['keypoint_errors'], np.float64)[0],
                'actual': np.where(visible, distance * to_input, np.nan)[0],
                'scores': np.asarray(found['keypoint_scores'], np.float64)[0],
                'side': float(np.sqrt(np.prod(sample['input_size'])))})

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Compute the figures.

        Args:
            results: What :meth:`process` collected, from all processes.
        """
        expected, actual, scores = (np.stack([face[name] for face in results])
                                    for name in ('expected', 'actual', 'scores'))
        sides = np.array([face['side'] for face in results])[:, None]
        self.errors = ExpectedErrors(expected, actual, scores,
                                     actual <= self.thr * sides)
        return asdict(confidence_figures(self.errors))
