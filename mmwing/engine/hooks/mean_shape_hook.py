"""Fill the mean shape of heads that ask for it."""

from __future__ import annotations

import torch
from mmengine import dist
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmwing.engine.mean_shape import compute_mean_shape
from mmwing.engine.unwrapped import unwrapped_model
from mmwing.registry import HOOKS


@HOOKS.register_module()
class MeanShapeHook(Hook):
    """Compute the mean shape of the training set, once, before training.

    For each head built with ``mean_shape='auto'`` that has none yet. The head keeps
    it in the checkpoint, so that nothing is computed on resume or for a test, where
    the training set need not exist.

    Each process computes it with the same seed; process 0 has the last word.

    Args:
        num_samples (int, optional): How many evenly spaced training samples are
            looked at; ``None`` looks at all. Defaults to 1000.
        seed (int): Seed of the augmentation while looking. Defaults to 0.
    """

    def __init__(self, num_samples: int | None = 1000, seed: int = 0) -> None:
        if num_samples is not None and num_samples < 1:
            raise ValueError('num_samples must be positive or None, got '
                             f'{num_samples}')
        self.num_samples = num_samples
        self.seed = seed

    def before_train(self, runner: Runner) -> None:
        """Compute and store; a checkpoint has been loaded by now, if there is one."""
        heads = [module for module in runner.model.modules()
                 if getattr(module, 'needs_mean_shape', False)]
        if not heads:
            return
        dataset = runner.train_dataloader.dataset
        value = torch.from_numpy(
            compute_mean_shape(dataset, self.num_samples, self.seed,
                               getattr(unwrapped_model(runner),
                                       'data_preprocessor', None)))
        value = value.to(heads[0].mean_shape.device)
        dist.broadcast(value, src=0)
        mean_shape = value.cpu().numpy()
        for head in heads:
            # A cascade, which comes first, fills the heads of its stages itself.
            if head.needs_mean_shape:
                head.set_mean_shape(mean_shape)
        low, high = mean_shape.min(axis=0), mean_shape.max(axis=0)
        runner.logger.info(
            f'Mean shape of {len(mean_shape)} landmarks computed from the training '
            f'set: x from {low[0]:.3f} to {high[0]:.3f} and y from {low[1]:.3f} to '
            f'{high[1]:.3f} of the input size.')
