"""From a tested runner to a report directory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from mmengine.config import Config
from mmengine.dist import is_main_process
from mmengine.runner import Runner

from mmwing.evaluation import FaceAlignmentMetric
from mmwing.evaluation.report import write_report


def require_face_metric(cfg: Config) -> None:
    """Add a :class:`mmwing.FaceAlignmentMetric` to the test where there is none.

    A report needs one; a config of MMPose's has ``NME`` alone.
    """
    evaluators = cfg.test_evaluator
    if not isinstance(evaluators, (list, tuple)):
        evaluators = [evaluators]
    if not any('FaceAlignmentMetric' in str(e['type']) for e in evaluators):
        cfg.test_evaluator = [*evaluators, dict(type='mmwing.FaceAlignmentMetric')]


class _DatasetImages:
    """Images by path, from files or from a data set that makes its own."""

    def __init__(self, dataset) -> None:
        self._dataset = dataset
        self._index: dict[str, int] | None = None

    def __call__(self, path: str) -> np.ndarray | None:
        if Path(path).is_file():
            return cv2.imread(path)
        if self._index is None:
            infos = self._dataset.load_data_list()
            self._index = {info['img_path']: i for i, info in enumerate(infos)}
        if path not in self._index:
            return None
        return self._dataset.get_data_info(self._index[path]).get('img')


def write_test_report(runner: Runner, directory: str, title: str | None = None,
                      overlay: Sequence[str] = ()) -> dict[str, float]:
    """Write the report of the test that ``runner`` has just run.

    Args:
        runner: After :meth:`mmengine.runner.Runner.test`.
        directory: See :func:`mmwing.evaluation.report.write_report`.
        title: Heading of the page.
        overlay: Report directories whose CEDs are drawn, too.

    Returns:
        The figures; empty on processes other than the main one.

    Raises:
        ValueError: The test had no :class:`mmwing.FaceAlignmentMetric`.
    """
    if not is_main_process():
        return {}
    metrics = [m for m in runner.test_loop.evaluator.metrics
               if isinstance(m, FaceAlignmentMetric)]
    if not metrics or metrics[0].faces is None:
        raise ValueError('a report needs a mmwing.FaceAlignmentMetric in '
                         'test_evaluator')
    return write_report(
        metrics[0].faces, directory, metrics[0].protocol, title, overlay,
        load_image=_DatasetImages(runner.test_dataloader.dataset))
