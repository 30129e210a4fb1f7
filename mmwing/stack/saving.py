"""Let MMEngine write checkpoints whole or not at all.

MMEngine 0.10.7 opens a file under its final name and then writes: a process that is
killed leaves half a checkpoint, or an empty ``last_checkpoint``.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager

from mmwing.files import PathLike, replace_file, write_bytes


@functools.cache
def write_whole_files() -> None:
    """Make MMEngine's local file backend and ``CheckpointHook`` replace whole files."""
    from mmengine.fileio import LocalBackend
    from mmengine.hooks import checkpoint_hook

    def put(self, obj: bytes, filepath: PathLike) -> None:
        write_bytes(filepath, obj)

    def put_text(self, obj: str, filepath: PathLike, encoding: str = 'utf-8') -> None:
        write_bytes(filepath, obj.encode(encoding))

    LocalBackend.put = functools.wraps(LocalBackend.put)(put)
    LocalBackend.put_text = functools.wraps(LocalBackend.put_text)(put_text)
    # The hook writes `last_checkpoint` with a plain `open`, its only one.
    checkpoint_hook.open = _open_whole


@contextmanager
def _open_whole(path: PathLike, mode: str) -> Iterator:
    """``open`` for a text file that is written."""
    with replace_file(path) as draft, draft.open(mode, encoding='utf-8') as file:
        yield file
