"""Refuse a hook that acts by the epoch in a training that has no epochs."""

from mmengine.hooks import Hook
from mmengine.runner import IterBasedTrainLoop, Runner


def check_counts_epochs(hook: Hook, runner: Runner) -> None:
    """Refuse a training by iterations, which for MMEngine is a single epoch.

    Raises:
        ValueError: If the training counts iterations.
    """
    if isinstance(runner.train_loop, IterBasedTrainLoop):
        raise ValueError(
            f'{type(hook).__name__} counts epochs, and the training counts iterations '
            '(train_cfg.by_epoch=False): take a config that counts epochs, or leave '
            'the hook out')
