"""Keep the record of a training in a file that survives interruptions."""

from __future__ import annotations

import math
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.dist import all_reduce, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import IterBasedTrainLoop, Runner

from mmwing.datasets.canvases import CanvasFace
from mmwing.evaluation import FaceAlignmentMetric, RunRecord, read_record, write_record
from mmwing.evaluation.provenance import describe_config, now, stack_versions
from mmwing.evaluation.run import Training
from mmwing.evaluation.run_file import RECORD_NAME
from mmwing.registry import HOOKS

#: In front of the checksum of an epoch whose faces the device augmented afterwards.
BEFORE_DEVICE = 'before device: '


@HOOKS.register_module()
class RunRecordHook(Hook):
    """Keep the record of the last validation, with the curve of the training.

    The file is a :class:`mmwing.evaluation.RunRecord`: the errors of all faces, where
    they come from, and in ``training`` the figures of each validation and the CPU time
    of all processes. It is written after each epoch and validation; on resume it is
    continued; a validation that is missing, because a kill came between it and the
    checkpoint, is made good. A training whose last epoch is not validated is validated
    at the end.

    Args:
        path: Where the file goes; by default ``run.json`` in the work dir.
        provenance: Fields of the record's provenance that the runner's config does not
            tell, or tells otherwise, such as ``dict(config='NAME')``.
        checksum: Whether to keep a checksum of the pictures of each epoch's batches in
            their order, which shows that two trainings saw the same. Where the device
            augments (:class:`mmwing.FaceAugmentor`) it is one of the faces before
            that: which they are, their landmarks and boxes, and the canvases if the
            batch holds them; it begins with ``before device:``. ``None`` for an epoch
            whose batches held neither.

    Raises:
        ValueError: If the training has no validation; when validating, if no evaluator
            is a ``FaceAlignmentMetric``; when resuming, if the file is of an earlier
            version.
    """

    # After the checkpoint and the logger.
    priority = 'LOWEST'

    def __init__(self, path: str | None = None,
                 provenance: Mapping[str, Any] | None = None,
                 checksum: bool = False) -> None:
        self.path = path
        self.checksum = checksum
        self.provenance = dict(provenance or {})
        self._record = RunRecord((), {}, ())  # before the first validation
        self._training = Training()
        self._is_training = False
        self._cpu_before = 0.0  # of earlier processes, seconds
        self._cpu_start = 0.0  # of this one when the training began, seconds
        self._checksum: int | None = None
        self._is_before_device = False
        self._whole_epoch = True

    def before_train(self, runner: Runner) -> None:
        """Continue the file of an interrupted run up to the checkpoint's epoch."""
        if runner.val_loop is None:
            raise ValueError(
                'RunRecordHook keeps the record of validations, and the training has '
                'none (val_dataloader=None, as by --no-validate): let it validate, or '
                'take the hook out of custom_hooks')
        self.path = self.path or str(Path(runner.work_dir) / RECORD_NAME)
        before = Training()
        if runner.iter > 0 and Path(self.path).is_file():
            self._record = read_record(self.path)
            before = self._record.training or before
        loop = runner.train_loop
        by_iter = isinstance(loop, IterBasedTrainLoop)
        # The config's rate: the optimiser's own is that of the warm-up.
        lr = (runner.cfg.optim_wrapper.get('optimizer') or {}).get('lr', math.nan)
        # An epoch that an earlier process did not write down is not known.
        batches = [*before.batches, *[None] * runner.epoch][
            :runner.epoch if self.checksum else 0]
        self._training = replace(
            before, finished=False, lr=float(lr),
            epochs=0 if by_iter else loop.max_epochs,
            iters=loop.max_iters if by_iter else 0, batches=batches,
            curve=[point for point in before.curve if point['iter'] <= runner.iter])
        self._is_training = True
        self._cpu_before = before.cpu_seconds
        self._cpu_start = time.process_time()
        if self._is_validation_missing(runner):
            runner.val_loop.run()

    def _is_validation_missing(self, runner: Runner) -> bool:
        """Whether a kill came between the resumed checkpoint and its validation."""
        loop = runner.train_loop
        done = runner.iter if isinstance(loop, IterBasedTrainLoop) else runner.epoch
        return (done > 0 and done >= loop.val_begin
                and done % loop.val_interval == 0
                and all(point['iter'] != runner.iter for point in self._training.curve))

    def before_train_epoch(self, runner: Runner) -> None:
        """Begin a checksum."""
        self._checksum = None
        self._is_before_device = False
        loop = runner.train_loop
        self._whole_epoch = runner.iter == runner.epoch * len(loop.dataloader)

    def before_train_iter(self, runner: Runner, batch_idx: int,
                          data_batch: dict | None = None) -> None:
        """Add a batch to the checksum."""
        if not self.checksum or not data_batch:
            return
        for picture in data_batch.get('inputs', ()):
            self._add(picture.contiguous().cpu().numpy().data)
        for face in data_batch.get('data_samples', ()):
            if isinstance(face, CanvasFace):
                self._is_before_device = True
                # Of the photo its name: folders differ between machines.
                photo = Path(str(face.info.get('img_path'))).name
                self._add(f'{face.index} {photo}'.encode())
                for array in (face.keypoints, face.visible, face.centre, face.sides):
                    self._add(np.ascontiguousarray(array).data)

    def _add(self, data: bytes | memoryview) -> None:
        self._checksum = zlib.crc32(data, self._checksum or 0)

    def after_train_epoch(self, runner: Runner) -> None:
        """Keep the checksum."""
        if self.checksum:
            known = self._whole_epoch and self._checksum is not None
            mark = BEFORE_DEVICE if self._is_before_device else ''
            self._training = replace(self._training, batches=[
                *self._training.batches,
                f'{mark}{self._checksum:08x}' if known else None])
        self._write()

    def after_val_epoch(self, runner: Runner,
                        metrics: dict[str, float] | None = None) -> None:
        """Keep the figures, and the errors of the faces."""
        if not self._is_training:
            return
        self._training = replace(self._training, curve=[
            *self._training.curve,
            {'epoch': runner.epoch, 'iter': runner.iter, **(metrics or {})}])
        if is_main_process():
            record = _last_record(runner.val_evaluator.metrics)
            self._record = replace(record, provenance=replace(
                record.provenance, **{
                    **describe_config(runner.cfg, 'val'), 'seed': runner.seed,
                    'versions': stack_versions(), 'date': now(), **self.provenance}))
        self._write()

    def after_train(self, runner: Runner) -> None:
        """Close the record; it ends with a validation in any case."""
        curve = self._training.curve
        # Not so if the process was killed between a checkpoint and its validation.
        if not curve or curve[-1]['iter'] != runner.iter:
            runner.val_loop.run()
        self._is_training = False  # a later runner.val() is no part of it
        self._training = replace(self._training, finished=True)
        self._write()

    def _write(self) -> None:
        seconds = torch.tensor(time.process_time() - self._cpu_start,
                               dtype=torch.float64)
        all_reduce(seconds)  # every process comes here, and waits for the others
        if not is_main_process() or self.path is None:
            return
        self._training = replace(
            self._training, cpu_seconds=self._cpu_before + seconds.item())
        write_record(replace(self._record, training=self._training), self.path)


def _last_record(metrics: Sequence) -> RunRecord:
    for metric in metrics:
        if isinstance(metric, FaceAlignmentMetric) and metric.record is not None:
            return metric.record
    raise ValueError('RunRecordHook needs a mmwing.FaceAlignmentMetric in '
                     'val_evaluator; got '
                     f'{[type(metric).__name__ for metric in metrics]}')
