"""The same schedule, shorter or longer."""

from __future__ import annotations

from mmengine.config import Config


def set_epochs(cfg: Config, epochs: int) -> None:
    """Train for another number of epochs; schedulers that reach the end still do.

    The warm-up keeps its length, milestones keep their share of the training.

    Args:
        cfg: Changed in place.
        epochs: Number of epochs.

    Raises:
        ValueError: If the config counts iterations, or a scheduler begins after the
            new end.
    """
    old = cfg.train_cfg.get('max_epochs')
    if old is None:
        raise ValueError('the config counts iterations (train_cfg.max_iters): give '
                         'its own length by --cfg-options train_cfg.max_iters=N')
    if epochs < 1:
        raise ValueError(f'epochs must be positive, got {epochs}')
    schedulers = cfg.get('param_scheduler') or []
    for scheduler in schedulers if isinstance(schedulers, list) else [schedulers]:
        if not scheduler.get('by_epoch', True):
            continue
        begin = scheduler.get('begin', 0)
        if begin >= epochs:
            raise ValueError(f'{epochs} epochs are too few: the {scheduler.type} of '
                             f'the config begins after {begin}')
        if scheduler.get('end') == old:
            scheduler.end = epochs
        if scheduler.get('T_max') == old - begin:
            scheduler.T_max = epochs - begin
        if 'milestones' in scheduler:
            scheduler.milestones = [max(1, round(each * epochs / old))
                                    for each in scheduler.milestones]
    cfg.train_cfg.max_epochs = epochs
