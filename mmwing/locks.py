"""Let one process at a time write into a folder or file."""

from __future__ import annotations

import errno
import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mmwing.files import PathLike, printable, remove_drafts

try:
    import fcntl
except ImportError:  # not a POSIX system
    fcntl = None  # type: ignore[assignment]

# What locking fails with while another process holds the lock, and where the file
# system has no locks.
_HELD = (errno.EACCES, errno.EAGAIN)
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)

# Between two looks at a lock that is waited for, in seconds.
_PAUSE = 0.2


class LockedError(OSError):
    """Another process holds the lock."""


@contextmanager
def lock_folder(path: PathLike) -> Iterator[None]:
    """Hold a folder for this process; it is made when missing.

    The kernel ends the lock together with the process, however that ends. The lock lies
    on a file ``.lock`` in the folder, which is removed at the end of the block. Where
    the file system has no locks, as some network file systems, nothing is held. What a
    killed process was writing into the folder is removed.

    Args:
        path: The folder.

    Raises:
        LockedError: Another process holds it; the message names folder and process.
        OSError: The folder cannot be written; the message names it.
    """
    folder = Path(path)
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with _lock(folder / '.lock', folder):
            remove_drafts(folder)
            yield
    finally:
        if is_new:
            with suppress(OSError):  # it is not empty
                folder.rmdir()


@contextmanager
def lock_file(path: PathLike,
              waiting: Callable[[LockedError], object] | None = None) -> Iterator[None]:
    """The same for a file, by ``.NAME.lock`` beside it.

    Args:
        path: The file.
        waiting: If given, a lock that another process holds is no error: this is called
            once, with what the error would be, and the lock waited for.
    """
    file = Path(os.path.realpath(path))
    file.parent.mkdir(parents=True, exist_ok=True)
    with _lock(file.with_name(f'.{file.name}.lock'), file, waiting):
        yield


@contextmanager
def _lock(lock: Path, guarded: Path,
          waiting: Callable[[LockedError], object] | None = None) -> Iterator[None]:
    if fcntl is None:
        yield
        return
    descriptor = _acquire(lock, guarded) if waiting is None else _await(
        lock, guarded, waiting)
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f'{os.getpid()} {platform.node()}'.encode(), 0)
        yield
    finally:
        # Removed before it is released: nobody waits at a file that is gone, see below.
        with suppress(OSError):
            lock.unlink()
        os.close(descriptor)


def _await(lock: Path, guarded: Path,
           waiting: Callable[[LockedError], object]) -> int:
    """As :func:`_acquire`, when the lock becomes free."""
    try:
        return _acquire(lock, guarded)
    except LockedError as error:
        waiting(error)
    while True:
        time.sleep(_PAUSE)
        with suppress(LockedError):
            return _acquire(lock, guarded)


def _acquire(lock: Path, guarded: Path) -> int:
    """Descriptor of the file, locked where that is possible."""
    while True:
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(guarded)) from error
        try:
            # This kind belongs to one process. One of `flock` would live on in workers
            # of a data loader that outlive a killed training.
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _NO_LOCKS:
                return descriptor
            holder = os.pread(descriptor, 1000, 0).decode(errors='replace').split()
            os.close(descriptor)
            if error.errno not in _HELD:
                raise OSError(error.errno, error.strerror, str(guarded)) from error
            who = f'process {holder[0]} on {holder[1]}' if len(holder) == 2 else (
                'another process')
            raise LockedError(
                f'{printable(guarded)} is in use by {who}: wait for it, end it, or '
                'choose another place') from None
        try:  # The former holder may have removed the file that was opened here.
            if os.path.samestat(os.fstat(descriptor), os.stat(lock)):
                return descriptor
        except FileNotFoundError:
            pass
        os.close(descriptor)
