"""Find mmwing's configs and programs, in a wheel and in a checkout.

Of the standard library alone, so that ``mmwing configs`` answers at once.
"""

from __future__ import annotations

import difflib
from pathlib import Path

#: The folder of the package.
PACKAGE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    """The folder ``configs`` or ``tools``, of the wheel or of the checkout."""
    for parent in (PACKAGE / '.mim', PACKAGE.parent):
        if (parent / name).is_dir():
            return parent / name
    raise FileNotFoundError(
        f'the folder {name!r} of mmwing was found neither in {PACKAGE / ".mim"} '
        f'nor in {PACKAGE.parent}; install mmwing again')


def _check_name(name: object) -> None:
    if not isinstance(name, str):
        raise TypeError(f'name must be a text, got {name!r}')


def _suggest(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.3)
    if near:
        return f'the nearest: {", ".join(near)}'
    return '\n  '.join(['there are:', *known])


def _configs() -> list[Path]:
    """Files of the configs that train something."""
    return [path for path in _folder('configs').rglob('*.py')
            if '_base_' not in path.parts and not path.name.startswith('_')]


def list_configs() -> list[str]:
    """Names of all configs that train something (not the bases)."""
    return sorted(path.stem for path in _configs())


def config_path(name: str) -> str:
    """Path of one of mmwing's configs.

    Args:
        name: Name of the file, with or without ``.py``.

    Returns:
        Absolute path, to be given to ``tools/train.py`` or
        :meth:`mmengine.config.Config.fromfile`.

    Raises:
        ValueError: There is no config of that name; the nearest are named.
        TypeError: ``name`` is no text.
    """
    _check_name(name)
    stem = name.removesuffix('.py')
    matches = [path for path in _configs() if path.stem == stem]
    if not matches:
        raise ValueError(f'no config {name!r}; {_suggest(stem, list_configs())}')
    return str(matches[0])


def base_config(name: str) -> str:
    """Path of a base in ``configs/_base_``, such as ``default_runtime``."""
    return str(_folder('configs') / '_base_' / f'{name}.py')


def tool_path(name: str) -> str:
    """Path of one of mmwing's tools, such as ``train.py``.

    Raises:
        ValueError: There is no tool of that name; the nearest are named.
        TypeError: ``name`` is no text.
    """
    _check_name(name)
    path = _folder('tools') / name
    if not path.is_file():
        known = sorted(p.name for p in _folder('tools').iterdir() if p.is_file())
        raise ValueError(f'no tool {name!r}; {_suggest(name, known)}')
    return str(path)
