"""How many times a model looks at a face, which its config says."""

from __future__ import annotations

from collections.abc import Mapping

from mmengine.config import Config

from mmwing.arguments import check_count


def looks_of(cfg: Mapping) -> int:
    """How many times a model looks at a face, ``model.test_cfg.looks``, by default 1.

    Raises:
        ValueError: If it is not a whole number of at least 1.
    """
    return check_count('looks', (cfg['model'].get('test_cfg') or {}).get('looks', 1))


def set_looks(cfg: Config, looks: int | None = None) -> None:
    """Let the test of a config look so often, see :class:`mmwing.LooksTestLoop`.

    Args:
        cfg: Of a test; changed.
        looks: How many times; by default :func:`looks_of` the config.

    Raises:
        ValueError: If it is not a whole number of at least 1.
    """
    looks = looks_of(cfg) if looks is None else check_count('looks', looks)
    if looks > 1:
        cfg.test_cfg = dict(cfg.test_cfg, type='mmwing.LooksTestLoop', looks=looks)
