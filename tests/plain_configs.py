"""Configs that are saved and logged as they are, which takes no time."""

from mmengine.config import config


def leave_configs_plain() -> None:
    """Keep MMEngine from formatting configs in this process.

    A training formats its config five times, with yapf: longer than most tests train,
    for a minute with face6. What is left is the same Python, on long lines.
    """
    config.FormatCode = lambda text, **options: (text, True)
