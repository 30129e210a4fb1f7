"""One process at a time writes into a folder, and a dead one holds nothing."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mmwing.locks import LockedError, lock_file, lock_folder


@contextmanager
def holder(lock, path: Path, inner=None) -> Iterator[int]:
    """A process that holds a lock until it is killed."""
    ready, say = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            with lock(path):
                os.write(say, b'x')
                (inner or signal.pause)()
        finally:
            os._exit(0)
    os.close(say)
    try:
        assert os.read(ready, 1) == b'x'
        yield pid
    finally:
        os.close(ready)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


@pytest.mark.parametrize('lock', [lock_folder, lock_file])
def test_a_second_process_is_told_who_holds_it(lock, tmp_path):
    path = tmp_path / 'work'
    with holder(lock, path) as pid:
        with pytest.raises(LockedError) as caught, lock(path):
            pass
        assert f'{path} is in use by process {pid} on ' in str(caught.value)
        assert '\n' not in str(caught.value)
        with lock(tmp_path / 'other'):
            pass
    # It was killed and left its file; the lock went with it.
    assert list(tmp_path.rglob('*lock'))
    with lock(path):
        pass
    assert not list(tmp_path.rglob('*lock'))


def test_a_child_of_a_killed_process_holds_nothing(tmp_path):
    """Workers of a data loader outlive a killed training for some seconds."""
    child_pid, say = os.pipe()

    def fork() -> None:
        child = os.fork()
        if child == 0:
            signal.pause()
        os.write(say, str(child).encode())
        signal.pause()

    with holder(lock_folder, tmp_path, fork):
        child = int(os.read(child_pid, 20))
    try:
        with lock_folder(tmp_path):
            pass
    finally:
        os.kill(child, signal.SIGKILL)
        os.close(child_pid)
        os.close(say)


def test_a_lock_is_not_taken_on_a_file_that_was_removed(tmp_path, monkeypatch):
    """The former holder removes it after another process has opened it."""
    import mmwing.locks as locks
    lockf, seen = locks.fcntl.lockf, []

    def lockf_late(descriptor, flags):
        if not seen:
            seen.append(descriptor)
            (tmp_path / '.lock').unlink()
            (tmp_path / '.lock').touch()  # by a third process
        lockf(descriptor, flags)

    monkeypatch.setattr(locks.fcntl, 'lockf', lockf_late)
    with lock_folder(tmp_path):
        assert (tmp_path / '.lock').read_text().split()[0] == str(os.getpid())


def test_who_waits_gets_the_lock_when_its_holder_is_gone(tmp_path):
    told = []
    with holder(lock_file, tmp_path / 'file') as pid:
        def kill(error):
            told.append(str(error))
            os.kill(pid, signal.SIGKILL)
        with lock_file(tmp_path / 'file', kill):
            assert len(told) == 1 and f'process {pid} on' in told[0]


def test_an_error_leaves_no_empty_folder(tmp_path):
    with pytest.raises(ValueError), lock_folder(tmp_path / 'new'):
        raise ValueError
    assert not list(tmp_path.iterdir())
    with lock_folder(tmp_path / 'new'):
        (tmp_path / 'new' / 'file').touch()
    assert os.listdir(tmp_path / 'new') == ['file']
