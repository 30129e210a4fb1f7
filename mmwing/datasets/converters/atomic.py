"""Writing files so that they are complete or not there."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path


def write_json(contents: dict[Path, Callable[[], object]]) -> None:
    """Write several JSON files; all are complete before the first appears.

    Args:
        contents: Path -> function that makes what goes into the file, called
            for one file at a time: annotations of videos take gigabytes.
    """
    partial = {path: path.with_name(f'.{path.name}.partial') for path in contents}
    try:
        for path, make in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            partial[path].write_text(json.dumps(make()), encoding='utf-8')
        for path in contents:
            os.replace(partial[path], path)
    finally:
        for path in partial.values():
            path.unlink(missing_ok=True)
