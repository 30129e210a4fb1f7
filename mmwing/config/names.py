"""Find the configs that MMPose ships."""

from __future__ import annotations

import difflib
from pathlib import Path


def _mmpose_configs() -> Path:
    import mmpose

    return Path(mmpose.__file__).resolve().parent / '.mim' / 'configs'


def mmpose_config_path(name: str) -> str:
    """Path of a config that MMPose ships.

    Args:
        name: As in ``_base_``: ``mmpose::face_2d_keypoint/...``.

    Raises:
        ValueError: It is of another package.
        FileNotFoundError: MMPose has no such config; the nearest are named.
    """
    package, _, relative = name.partition('::')
    if package != 'mmpose':
        raise ValueError(f'config {name!r}: only those of mmpose:: are read by name')
    root = _mmpose_configs()
    path = root / (relative if relative.endswith('.py') else f'{relative}.py')
    if not path.is_file():
        folder = path.parent if path.parent.is_dir() else root
        known = [str(file.relative_to(root)) for file in folder.rglob('*.py')]
        near = difflib.get_close_matches(relative, known, n=3, cutoff=0.3)
        raise FileNotFoundError(f'MMPose ships no config {relative!r}; the nearest: '
                                f'{", ".join(near) or "none"}')
    return str(path)


def mmpose_config_name(path: str) -> str | None:
    """The ``mmpose::`` name of a config file, ``None`` if MMPose does not ship it."""
    root = _mmpose_configs()
    file = Path(path).resolve()
    if not file.is_relative_to(root.resolve()):
        return None
    return f'mmpose::{file.relative_to(root.resolve()).as_posix()}'
