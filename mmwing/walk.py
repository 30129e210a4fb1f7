"""Walk through a config: its dicts, data sets, pipelines and types."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

from mmengine.config import Config

#: The splits of a config, as its ``*_dataloader`` and ``*_evaluator`` name them.
SPLITS = ('train', 'val', 'test')


def walk(config: object, key: str = '') -> Iterator[tuple[str, dict]]:
    """Every dict inside of ``config``, outermost first, with its dotted key."""
    if isinstance(config, (dict, Config)):
        yield key, config
        items = list(config.items())
    elif isinstance(config, (list, tuple)):
        items = list(enumerate(config))
    else:
        return
    for name, value in items:
        yield from walk(value, _join(key, name))


def _join(key: str, name: object) -> str:
    return f'{key}.{name}' if key else str(name)


def lookup(config: object, key: str) -> object:
    """The value at a dotted key; ``None`` if there is none."""
    for name in key.split('.'):
        if isinstance(config, (list, tuple)):
            config = config[int(name)]
        elif isinstance(config, (dict, Config)):
            config = config.get(name)
        else:
            return None
    return config


def type_name(config: object) -> str:
    """The type that a config names, without the scope of MMPose.

    Returns:
        ``'RandomFlip'``, ``'mmwing.WingLoss'``; of a class, as configs in the pure
        Python style have it, the same. Empty for what is not a dict with a type.
    """
    if not isinstance(config, dict):
        return ''
    kind = config.get('type', '')
    if isinstance(kind, type):
        scope = 'mmwing.' if kind.__module__.startswith('mmwing.') else ''
        return scope + kind.__name__
    return str(kind).removeprefix('mmpose.')


def find(config: object, name: str, key: str = '') -> Iterator[tuple[str, dict]]:
    """Every dict of the type ``name`` inside of ``config``, with its dotted key."""
    return ((where, each) for where, each in walk(config, key)
            if type_name(each) == name)


def uses(config: object, name: str) -> bool:
    """Whether something inside of ``config`` is of the type ``name``."""
    return any(True for _ in find(config, name))


def inner_datasets(dataset: dict, key: str = '') -> list[tuple[str, dict]]:
    """The data sets that a wrapper joins, with their dotted keys.

    Concatenated, repeated, balanced or filtered ones; none for a data set that reads
    annotations itself.
    """
    several = [(_join(key, f'datasets.{index}'), each)
               for index, each in enumerate(dataset.get('datasets') or [])]
    if dataset.get('dataset'):
        several.append((_join(key, 'dataset'), dataset['dataset']))
    return several


def datasets(dataset: dict, key: str = '') -> Iterator[tuple[str, dict]]:
    """The data sets inside of all wrappers, or ``dataset`` itself."""
    inner = inner_datasets(dataset, key)
    if not inner:
        yield key, dataset
    for where, each in inner:
        yield from datasets(each, where)


def split_datasets(config: dict) -> Iterator[tuple[str, dict]]:
    """Split and config of its data set, wrappers and all, where there is one."""
    for split in SPLITS:
        dataset = (config.get(f'{split}_dataloader') or {}).get('dataset')
        if isinstance(dataset, dict):
            yield split, dataset


def with_pipelines(config: dict, change: Callable[[list], list]) -> dict:
    """Copy a config with every pipeline of a data set in it changed.

    Args:
        config: Config of a data set or dataloader; it is left as it is.
        change: Makes the new pipeline from the old one, which it leaves as it is.
    """
    changed = copy.deepcopy(config)
    # Data sets may be one object in two places, which is changed once.
    owners = {id(each): each for _, each in walk(changed)
              if isinstance(each.get('pipeline'), (list, tuple))}
    for owner in owners.values():
        owner['pipeline'] = change(list(owner['pipeline']))
    return changed


def without_scope(config: object) -> object:
    """``config`` without what MMEngine writes into a base of another package."""
    if isinstance(config, dict):
        return {key: without_scope(value) for key, value in config.items()
                if (key, value) != ('_scope_', 'mmpose')}
    if isinstance(config, (list, tuple)):
        return type(config)(map(without_scope, config))
    return config
