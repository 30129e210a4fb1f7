"""Programs end together with those that they start."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == 'linux' else None


def end_with_parent(parent: int | None = None) -> None:
    """Let this process get SIGTERM when the one that started it ends, even by signal 9.

    On Linux; elsewhere it does nothing.

    Args:
        parent: The process that started this one, for a call between ``fork`` and
            ``exec``: if it has ended already, this one ends, too.
    """
    if _LIBC is None:
        return
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if parent is not None and os.getppid() != parent:
        os._exit(128 + signal.SIGTERM)


@contextmanager
def exit_on_sigterm() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end a program as Ctrl-C does: its ``finally`` runs."""

    def leave(number: int, frame: FrameType | None) -> None:
        sys.exit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers
        return
    numbers = {signal.SIGTERM, getattr(signal, 'SIGHUP', signal.SIGTERM)}
    before = {number: signal.signal(number, leave) for number in numbers
              if signal.getsignal(number) != signal.SIG_IGN}  # as nohup has it
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
