"""What a training run did, in one file that survives interruptions."""

from __future__ import annotations

import json
import math
import os
import time
import zlib
from collections.abc import Sequence
from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmwing.evaluation import EvaluatedFaces, FaceAlignmentMetric, Protocol
from mmwing.evaluation.functional import face_errors, point_errors
from mmwing.evaluation.normalizers import lengths_of_faces
from mmwing.registry import HOOKS


@HOOKS.register_module()
class RunRecordHook(Hook):
    """Keep a JSON file with the curve and the last validation's errors of all faces.

    Its fields: ``curve``, the figures of each validation and the epoch (and iteration)
    after which they were taken; ``errors``, the last validation's error of each face
    by the metric's first normaliser, sorted by the faces' names, null where unusable
    and Infinity where the prediction was not finite; ``faces``, a digest of
    these names; ``batches``, a checksum of the pictures of each epoch's batches in
    their order (null for an epoch that was resumed half-way); ``cpu_seconds`` of this
    process; and ``finished``. On resume the file is continued.

    Args:
        path: Where the file goes.

    Raises:
        ValueError: When validating, if no evaluator is a ``FaceAlignmentMetric``.
    """

    # After the checkpoint and the logger.
    priority = 'LOWEST'

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self._record: dict = {}
        self._cpu_before = 0.0
        self._checksum = 0
        self._whole_epoch = True

    def before_train(self, runner: Runner) -> None:
        """Continue the file of an interrupted run up to the checkpoint's epoch."""
        self._record = {'finished': False, 'curve': [], 'batches': []}
        if runner.iter > 0 and self.path.is_file():
            self._record.update(json.loads(self.path.read_text(encoding='utf-8')))
        self._record['curve'] = [
            point for point in self._record['curve'] if point['iter'] <= runner.iter]
        self._record['batches'] = self._record['batches'][:runner.epoch]
        self._cpu_before = self._record.get('cpu_seconds', 0.0) - time.process_time()

    def before_train_epoch(self, runner: Runner) -> None:
        """Begin a checksum."""
        self._checksum = 0
        loop = runner.train_loop
        self._whole_epoch = runner.iter == runner.epoch * len(loop.dataloader)

    def before_train_iter(self, runner: Runner, batch_idx: int,
                          data_batch: dict | None = None) -> None:
        """Add a batch to the checksum."""
        for picture in (data_batch or {}).get('inputs', ()):
            self._checksum = zlib.crc32(picture.contiguous().cpu().numpy(),
                                        self._checksum)

    def after_train_epoch(self, runner: Runner) -> None:
        """Keep the checksum."""
        self._record['batches'].append(
            f'{self._checksum:08x}' if self._whole_epoch else None)
        self._write()

    def after_val_epoch(self, runner: Runner,
                        metrics: dict[str, float] | None = None) -> None:
        """Keep the figures, and the errors of the faces."""
        if not self._record:  # a validation without training
            return
        point = {'epoch': runner.epoch, 'iter': runner.iter}
        point.update({key: _json_number(value)
                      for key, value in (metrics or {}).items()})
        self._record['curve'].append(point)
        if is_main_process():
            protocol, faces = _last_faces(runner.val_evaluator.metrics)
            self._record.update(_errors(protocol, faces))
        self._write()

    def after_train(self, runner: Runner) -> None:
        """Close the record; it ends with a validation in any case."""
        curve = self._record['curve']
        # Not so if the process was killed between a checkpoint and its validation.
        if not curve or curve[-1]['iter'] != runner.iter:
            runner.val_loop.run()
        self._record['finished'] = True
        self._write()

    def _write(self) -> None:
        if not is_main_process():
            return
        self._record['cpu_seconds'] = self._cpu_before + time.process_time()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_name(f'.{self.path.name}.part')
        part.write_text(json.dumps(self._record), encoding='utf-8')
        os.replace(part, self.path)


def _last_faces(metrics: Sequence) -> tuple[Protocol, EvaluatedFaces]:
    for metric in metrics:
        if isinstance(metric, FaceAlignmentMetric) and metric.faces is not None:
            return metric.protocol, metric.faces
    raise ValueError('RunRecordHook needs a mmwing.FaceAlignmentMetric in '
                     'val_evaluator; got '
                     f'{[type(metric).__name__ for metric in metrics]}')


def _errors(protocol: Protocol, faces: EvaluatedFaces) -> dict:
    normalizer = protocol.normalizers[0]
    errors = face_errors(
        point_errors(faces.pred, faces.gt, faces.annotated),
        lengths_of_faces(normalizer, faces, protocol.keypoint_indices))
    return {'normalizer': normalizer,
            'threshold': protocol.thresholds[-1],
            'errors': [_json_number(error) for error in errors],
            'faces': faces.digest}


def _json_number(value: float) -> float | int | None:
    """Null for NaN, and no more digits than tell anything."""
    if isinstance(value, int):
        return value
    if math.isnan(value):
        return None
    # Six digits: a millionth of a per cent is no finding, and files stay small.
    return float(f'{value:.6g}')
