"""Walk through a config."""

from __future__ import annotations

from collections.abc import Iterator

from mmengine.config import Config


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
        yield from walk(value, f'{key}.{name}' if key else str(name))


def without_scope(config: object) -> object:
    """``config`` without what MMEngine writes into a base of another package."""
    if isinstance(config, dict):
        return {key: without_scope(value) for key, value in config.items()
                if (key, value) != ('_scope_', 'mmpose')}
    if isinstance(config, (list, tuple)):
        return type(config)(map(without_scope, config))
    return config


def uses(config: object, name: str) -> bool:
    """Whether something inside of ``config`` is of MMPose's type ``name``."""
    return any(str(each.get('type')).removeprefix('mmpose.') == name
               for _, each in walk(config))
