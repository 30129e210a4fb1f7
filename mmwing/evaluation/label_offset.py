"""How far right of what they name the labels of a data set lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric

from mmwing.registry import METRICS

from .bootstrap import bootstrap_means


@METRICS.register_module()
class LabelOffsetMetric(BaseMetric):
    """Offset in x between labels and what they name, as a mirror shows it.

    A network that was trained with mirrored faces cannot learn an offset of the labels
    in x: in half of its training it lies on the other side. What its predictions,
    averaged with those on the mirrored image (``flip_test``), are off by in x, over all
    landmarks and faces, is the offset. In y a mirror shows nothing.

    Reports ``label_offset`` in pixels of the image, which is what ``label_offset`` of
    :class:`mmwing.RandomFaceBox` and of ``test_cfg`` should be, and the ends of its
    95 % interval over faces, ``label_offset_low`` and ``label_offset_high``.

    Args:
        known (float): ``label_offset`` that the model was trained and is tested with.
            Defaults to 0.
        **kwargs: See :class:`mmengine.evaluator.BaseMetric`.
    """

    def __init__(self, known: float = 0., **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.known = known

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Collect the mean error in x of each face."""
        for sample in data_samples:
            truth = sample['gt_instances']
            error = (np.asarray(sample['pred_instances']['keypoints'])[..., 0]
                     - np.asarray(truth['keypoints'])[..., 0])
            visible = np.asarray(truth['keypoints_visible'])
            visible = (visible if visible.ndim == 2 else visible[..., 0]) > 0
            if visible.any():
                self.results.append(float(error[visible].mean()))

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Mean over faces, and its interval.

        Raises:
            ValueError: If no face has a landmark.
        """
        if not results:
            raise ValueError('there is no annotated face to measure an offset on')
        offsets = self.known - np.array(results)
        low, high = np.quantile(bootstrap_means(offsets[:, None])[:, 0], (.025, .975))
        return {'label_offset': float(offsets.mean()), 'label_offset_low': float(low),
                'label_offset_high': float(high)}
