"""Switch to another training pipeline for the last epochs."""

from __future__ import annotations

import logging
from typing import Any

from mmengine.dataset import Compose
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner

from mmwing.engine.unwrapped import unwrapped_model
from mmwing.registry import HOOKS

from .epochs import check_counts_epochs


@HOOKS.register_module()
class PipelineSwitchHook(Hook):
    """Exchange the training pipeline at the start of an epoch.

    RTMPose ends its training with milder augmentation. The arguments are those of
    MMDetection's hook of this name, which MMPose's RTMPose configs ask for; this one
    does without MMDetection. A resumed run switches, too. Of data sets that are joined
    (:class:`torch.utils.data.ConcatDataset`) each gets the new pipeline.

    Args:
        switch_epoch (int): The first epoch, counted from 0, with the new pipeline.
        switch_pipeline (list[dict]): Config of the new pipeline.
        device_pipeline (list[dict], optional): The new pipeline of the model's
            :class:`mmwing.FaceAugmentor`, where the device augments.

    Raises:
        ValueError: If ``switch_epoch`` is negative, the training counts iterations, or
            its data set has no pipeline.
    """

    def __init__(self, switch_epoch: int, switch_pipeline: list[dict],
                 device_pipeline: list[dict] | None = None) -> None:
        if switch_epoch < 0:
            raise ValueError('switch_epoch must not be negative, got '
                             f'{switch_epoch}')
        self.switch_epoch = switch_epoch
        self.switch_pipeline = switch_pipeline
        self.device_pipeline = device_pipeline
        self._switched = False

    def before_train(self, runner: Runner) -> None:
        """See, before the first step, whether the switch will come."""
        check_counts_epochs(self, runner)
        if self.switch_epoch >= runner.max_epochs:
            print_log(f'PipelineSwitchHook: switch_epoch={self.switch_epoch} is beyond '
                      f'the {runner.max_epochs} epochs of the training, whose pipeline '
                      'stays the same', logger=runner.logger, level=logging.WARNING)
        _with_pipelines(runner.train_dataloader.dataset)

    def before_train_epoch(self, runner: Runner) -> None:
        """Switch, once, when the epoch has come."""
        if self._switched or runner.epoch < self.switch_epoch:
            return
        self._switched = True
        runner.logger.info('Switch to the pipeline of the last epochs')
        loader = runner.train_dataloader
        for dataset in _with_pipelines(loader.dataset):
            dataset.pipeline = Compose(self.switch_pipeline)
        if self.device_pipeline is not None:
            preprocessor: Any = unwrapped_model(runner).data_preprocessor
            preprocessor.set_pipeline(self.device_pipeline)
        # Persistent workers hold a copy of the old pipeline: let them end.
        loader._iterator = None


def _with_pipelines(dataset: Any) -> list[Any]:
    """The data sets whose pipelines make the samples, inside of wrappers."""
    if hasattr(dataset, 'pipeline'):
        return [dataset]
    if hasattr(dataset, 'dataset'):  # a wrapper reads what it wraps
        return _with_pipelines(dataset.dataset)
    if not getattr(dataset, 'datasets', None):
        raise ValueError(f'PipelineSwitchHook: {type(dataset).__name__} has no '
                         'pipeline that could be switched')
    return [each for part in dataset.datasets for each in _with_pipelines(part)]
