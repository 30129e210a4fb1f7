"""Measure time and memory of an evaluation."""

import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

import numpy as np

from mmwing.datasets.converters.wflw import ATTRIBUTES
from mmwing.evaluation import FaceAlignmentMetric

from .turns import Table, peak_megabytes

_BATCH_SIZE = 64
_FACE_SIDE = 200


class MetricCost(NamedTuple):
    """What one evaluation with everything switched on costs.

    Attributes:
        seconds: Of collecting and evaluating, by the clock.
        processor_seconds: The same without what other processes took.
        megabytes: Most memory that this process has held, with all that it imports.
        figures: What came out.
    """

    seconds: float
    processor_seconds: float
    megabytes: float
    figures: dict[str, float]


def measure_metric(num_faces: int = 10_000, num_keypoints: int = 98,
                   num_bootstrap: int = 1000, seed: int = 0) -> MetricCost:
    """Evaluate random faces: statistics, groups, landmarks, seven subsets, intervals.

    Args:
        num_faces: Number of faces.
        num_keypoints: Landmarks of each; of a scheme with outer corners of the eyes.
        num_bootstrap: Resamples behind the intervals.
        seed: Seed of the faces.
    """
    metric = FaceAlignmentMetric(
        thr=(0.08, 0.1), statistics=('median', 'p90', 'pooled'), subsets='all',
        groups=True, landmarks=True, num_bootstrap=num_bootstrap)
    metric.prefix = 'random'  # MMEngine warns where there is none
    rng = np.random.default_rng(seed)
    shape = rng.uniform(0, _FACE_SIDE, (num_keypoints, 2))
    seconds = processor_seconds = 0.0
    for start in range(0, num_faces, _BATCH_SIZE):
        batch = [_sample(index, shape, rng)
                 for index in range(start, min(start + _BATCH_SIZE, num_faces))]
        begin = time.perf_counter(), time.process_time()
        metric.process(None, batch)
        seconds += time.perf_counter() - begin[0]
        processor_seconds += time.process_time() - begin[1]
    begin = time.perf_counter(), time.process_time()
    figures = metric.evaluate(num_faces)
    seconds += time.perf_counter() - begin[0]
    processor_seconds += time.process_time() - begin[1]
    return MetricCost(seconds, processor_seconds, peak_megabytes(), figures)


def metric_table(faces: Sequence[int], num_keypoints: int = 98,
                 num_bootstrap: int = 1000) -> Table:
    """The same as a table, each in a process whose memory is nobody else's.

    Args:
        faces: Numbers of faces.
        num_keypoints: See :func:`measure_metric`.
        num_bootstrap: See :func:`measure_metric`.
    """
    rows, data = [], {}
    for number in faces:
        with ProcessPoolExecutor(1, multiprocessing.get_context('spawn')) as pool:
            cost = pool.submit(measure_metric, number, num_keypoints,
                               num_bootstrap).result()
        data[str(number)] = {'seconds': round(cost.seconds, 2),
                             'seconds of the processor': round(
                                 cost.processor_seconds, 2),
                             'megabytes': round(cost.megabytes),
                             'figures': len(cost.figures)}
        rows.append([f'{number:,} faces', *map(str, data[str(number)].values())])
    return Table(f'Evaluation with everything switched on, {num_keypoints} landmarks, '
                 f'{num_bootstrap:,} resamples', ['', *data[str(faces[0])]], rows, data)


def _sample(index: int, shape: np.ndarray, rng: np.random.Generator) -> dict:
    """One face as MMPose's estimators return it."""
    gt = (shape + rng.normal(0, 5, shape.shape))[None].astype(np.float32)
    return {
        'pred_instances': {'keypoints': gt + rng.normal(0, 3, gt.shape)},
        'gt_instances': {
            'keypoints': gt, 'keypoints_visible': np.ones(gt.shape[:2], np.float32),
            'bboxes': np.array([[0, 0, _FACE_SIDE, _FACE_SIDE]], np.float32)},
        'img_path': f'faces/{index}.jpg', 'id': index, 'subsets': ['full'],
        'attributes': {name: int(rng.random() < 0.3) for name in ATTRIBUTES}}
