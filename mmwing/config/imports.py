"""Let a config import mmwing."""

from __future__ import annotations

from mmengine.config import Config


def add_import(cfg: Config) -> None:
    """Let every script that reads a config import mmwing first.

    Args:
        cfg: A config, changed in place.
    """
    imports = cfg.get('custom_imports') or {}
    names = imports.get('imports') or []
    names = [names] if isinstance(names, str) else list(names)
    if 'mmwing' not in names:
        cfg.custom_imports = dict(imports=[*names, 'mmwing'],
                                  allow_failed_imports=False)
