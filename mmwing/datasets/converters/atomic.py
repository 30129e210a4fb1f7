"""Writing files so that they are complete or not there."""

from __future__ import annotations

import json
import os
from pathlib import Path


def write_json(contents: dict[Path, object]) -> None:
    """Write several JSON files; all are complete before the first appears.

    Args:
        contents: Path -> what goes into the file.
    """
    partial = {path: path.with_name(f'.{path.name}.partial') for path in contents}
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            partial[path].write_text(json.dumps(content), encoding='utf-8')
        for path in contents:
            os.replace(partial[path], path)
    finally:
        for path in partial.values():
            path.unlink(missing_ok=True)
