"""End a program with the message of a user's error, not with a traceback."""

from __future__ import annotations

import contextlib
import functools
import io
import os
import pickle
import re
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from mmwing.resources import PACKAGE

from .distributed import end_distributed

# Folders of mmwing's own source, in a checkout and in a wheel.
_OURS = {PACKAGE, PACKAGE.parent / 'tools'}

# How PyTorch words an error in a worker of a data loader, and where in that the
# error's own message begins.
_WORKER_TRACEBACK = 'Original Traceback (most recent call last):'
_ERROR_LINE = re.compile(r'^[A-Za-z_][\w.]*(?:Error|Exception): ', re.MULTILINE)


def exit_with_message(main: Callable[[], None]) -> Callable[[], None]:
    """Let a tool end with the message of a user's error, not a traceback.

    Errors in what the user gave (a path, a name, a value, a missing package)
    end the tool with status 1 and their message; anything else is a defect
    and keeps its traceback. Ctrl-C ends it with one word and status 130.
    ``MMWING_DEBUG=1`` keeps every traceback. Of an error in a worker of a data loader,
    which PyTorch words as a traceback, the message is what its last line says. Warnings
    of mmwing are one line, and two that MMPose gives of ordinary configs are left out.
    """

    @functools.wraps(main)
    def run() -> None:
        # A file's name may hold bytes that are no UTF-8.
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors='backslashreplace')
        try:
            with _readable_warnings():
                main()
            end_distributed()
        except (OSError, ValueError, TypeError, KeyError, ImportError, SyntaxError,
                pickle.UnpicklingError) as error:
            if os.environ.get('MMWING_DEBUG'):
                raise
            text = str(error.args[0] if isinstance(error, KeyError) else error)
            if _WORKER_TRACEBACK in text:
                text = _ERROR_LINE.split(text)[-1].strip()
            sys.exit(f'error: {text}\n(MMWING_DEBUG=1 shows the traceback)')
        except KeyboardInterrupt:
            if os.environ.get('MMWING_DEBUG'):
                raise
            print('interrupted', file=sys.stderr)
            sys.exit(128 + signal.SIGINT)

    return run


@contextlib.contextmanager
def _readable_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        # Each config of MMPose finds its meta information by a path that is not there,
        # and each second look has the centre of its box already.
        for noise in ('The metainfo config file', 'Use the existing "bbox_center"'):
            warnings.filterwarnings('ignore', message=noise)
        former = warnings.formatwarning
        warnings.formatwarning = functools.partial(_format_warning, former)
        try:
            yield
        finally:
            warnings.formatwarning = former


def _format_warning(former: Callable[..., str], message: Warning | str,
                    category: type[Warning], filename: str, lineno: int,
                    line: str | None = None) -> str:
    """A line for the user; of other packages' warnings also where they come from."""
    if _OURS & {*Path(filename).parents}:
        return f'warning: {message}\n'
    return former(message, category, filename, lineno, line)
