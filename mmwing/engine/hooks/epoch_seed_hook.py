"""Seed the augmentation anew in each epoch, so that resumed runs repeat it."""

from __future__ import annotations

import random

import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.runner import IterBasedTrainLoop, Runner

from mmwing.registry import HOOKS


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Seed the random generators by seed and epoch when each epoch begins.

    What an epoch draws then depends on these two alone: not on how many numbers the
    model's initialisation drew, nor on where a run was interrupted. Together with
    MMEngine's sampler, which is seeded by the same two, runs of different losses see
    the same pictures in the same order.

    A training that counts iterations has one epoch, of which a resumed run reads the
    pictures once more up to where it was. What its model draws (dropout, crops of a
    cascade) depends on seed and iteration.

    It holds for data loaded in the training process (``num_workers=0``); workers have
    generators of their own.
    """

    def before_train_epoch(self, runner: Runner) -> None:
        """Seed Python's, numpy's and torch's generators."""
        sequence = np.random.SeedSequence([runner.seed, runner.epoch, runner.rank])
        python, numpy, pytorch = (int(s) for s in sequence.generate_state(3))
        random.seed(python)
        np.random.seed(numpy)
        torch.manual_seed(pytorch)

    def before_train_iter(self, runner: Runner, batch_idx: int,
                          data_batch: dict | None = None) -> None:
        """Where iterations are counted, seed what the model draws in this one."""
        if isinstance(runner.train_loop, IterBasedTrainLoop):
            sequence = np.random.SeedSequence([runner.seed, runner.iter, runner.rank])
            torch.manual_seed(int(sequence.generate_state(1)[0]))
