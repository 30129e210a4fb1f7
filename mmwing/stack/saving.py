"""Let MMEngine write checkpoints whole or not at all.

MMEngine 0.10.7 opens a file under its final name and then writes: a process that is
killed leaves half a checkpoint, or an empty ``last_checkpoint``. It also deletes an old
checkpoint before it writes the new one: with ``max_keep_ckpts=1`` none may be left.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

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
    hook = checkpoint_hook.CheckpointHook
    for name in ('_save_checkpoint_with_step', '_save_best_checkpoint'):
        setattr(hook, name, _remove_at_last(getattr(hook, name)))


class _LateBackend:
    """A file backend that only notes what it is to remove."""

    def __init__(self, backend: Any) -> None:
        self.backend = backend
        self.files: list[str] = []
        self.folders: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.backend, name)

    def remove(self, path: str) -> None:
        self.files.append(path)

    def rmtree(self, path: str) -> None:
        self.folders.append(path)


def _remove_at_last(save: Callable[..., None]) -> Callable[..., None]:
    """A method that saves checkpoints, with the old ones removed after the new ones."""

    @functools.wraps(save)
    def wrapped(self, *args, **kwargs) -> None:
        backend = getattr(self, 'file_backend', None)
        if backend is None:  # a validation alone, before which no backend is chosen
            save(self, *args, **kwargs)
            return
        self.file_backend = _LateBackend(backend)
        try:
            save(self, *args, **kwargs)
            late = self.file_backend
        finally:
            self.file_backend = backend
        # A resumed training may write a checkpoint again that it was about to remove.
        written = {self.last_ckpt, getattr(self, 'best_ckpt_path', None),
                   *getattr(self, 'best_ckpt_path_dict', {}).values()}
        for remove, paths in ((backend.remove, late.files),
                              (backend.rmtree, late.folders)):
            for path in paths:
                if path not in written:
                    remove(path)

    return wrapped


@contextmanager
def _open_whole(path: PathLike, mode: str) -> Iterator:
    """``open`` for a text file that is written."""
    with replace_file(path) as draft, draft.open(mode, encoding='utf-8') as file:
        yield file
