"""Change the length of a training."""

from __future__ import annotations

from mmengine.config import Config


def set_epochs(cfg: Config, epochs: int) -> None:
    """Train for another number of epochs; schedulers that reach the end still do.

    The warm-up keeps its length. Milestones and steps keep their share of the training,
    and so do the epochs in which hooks of mmwing's switch or anneal.

    Args:
        cfg: Changed in place.
        epochs: Number of epochs.

    Raises:
        ValueError: If the config counts iterations, or a scheduler begins after the
            new end.
    """
    _set_length(cfg, 'epochs', epochs)


def set_iters(cfg: Config, iters: int) -> None:
    """The same for a config that counts iterations.

    Raises:
        ValueError: If the config counts epochs, or a scheduler begins after the new
            end.
    """
    _set_length(cfg, 'iters', iters)


def _set_length(cfg: Config, unit: str, length: int) -> None:
    old = cfg.train_cfg.get(f'max_{unit}')
    if old is None:
        other = 'iters' if unit == 'epochs' else 'epochs'
        raise ValueError(f'the config counts {other} (train_cfg.max_{other}): give its '
                         f'length by --{other}, and that of runs that choose a '
                         f'learning rate by --tune-{other}')
    if length < 1:
        raise ValueError(f'{unit} must be positive, got {length}')
    schedulers = cfg.get('param_scheduler') or []
    for scheduler in schedulers if isinstance(schedulers, list) else [schedulers]:
        if scheduler.get('by_epoch', True) != (unit == 'epochs'):
            continue
        begin = scheduler.get('begin', 0)
        if begin >= length:
            raise ValueError(f'{length} {unit} are too few: the {scheduler.type} of '
                             f'the config begins after {begin}')
        if scheduler.get('end') == old:
            scheduler.end = length
        if scheduler.get('T_max') == old - begin:
            scheduler.T_max = length - begin
        if scheduler.type == 'ExponentialLR':
            scheduler.gamma **= old / length
        if 'milestones' in scheduler:
            scheduler.milestones = [max(1, round(each * length / old))
                                    for each in scheduler.milestones]
        if 'step_size' in scheduler:
            scheduler.step_size = max(1, round(scheduler.step_size * length / old))
    if unit == 'epochs':
        for hook in cfg.get('custom_hooks') or []:
            _scale_epochs(hook, old, length)
    cfg.train_cfg[f'max_{unit}'] = length
    if unit == 'iters':
        interval = cfg.train_cfg.get('val_interval', length)
        cfg.train_cfg.val_interval = min(interval, length)


def _scale_epochs(hook: dict, old: int, length: int) -> None:
    """Let a hook act at the same share of a training of another length.

    What began in the old training begins in the new one, if it has epochs enough.
    """
    def scaled(epoch: int, last: int) -> int:
        moved = round(epoch * length / old)
        return max(0, min(moved, last)) if epoch < old else moved

    # MMDetection's name for the switch of the pipeline is replaced later.
    kind = getattr(hook['type'], '__name__', hook['type']).rpartition('.')[-1]
    if kind in ('PipelineSwitchHook', 'LossSwitchHook') and 'switch_epoch' in hook:
        hook['switch_epoch'] = scaled(hook['switch_epoch'], length - 1)
    elif kind == 'LossAnnealingHook':
        end = hook.get('end')
        if 'begin' in hook:  # before the end, which is the last epoch by default
            hook['begin'] = scaled(hook['begin'], length - (2 if end is None else 1))
        if end is not None:
            hook['end'] = max(hook.get('begin', 0) + 1, round(end * length / old))
