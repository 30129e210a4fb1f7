"""Run programs of ours in processes of their own, without importing everything anew.

A server process, one for each process of tests, has imported mmwing and MMPose and is
forked for each program: as separate as what a shell starts, with arguments, a working
directory, an environment, output and an exit status of its own, but without the seconds
of CPU that the imports take. Where the start of Python is part of what is tested (what
gets imported, ``python -m``, another's script that has to import mmwing), use
:mod:`subprocess`.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from multiprocessing import forkserver
from pathlib import Path
from unittest import mock

from plain_configs import leave_configs_plain

import mmwing

ROOT = str(Path(mmwing.__file__).resolve().parent.parent)
_SERVER = multiprocessing.get_context('forkserver')
# The first optimiser imports torch._dynamo.
_SERVER.set_forkserver_preload(['mmwing', 'mmpose.apis', 'torch._dynamo'])


def environment() -> dict[str, str]:
    """This process's, with this mmwing on Python's path and one thread a process."""
    # The tests must find this mmwing also where it is not installed.
    path = os.pathsep.join(filter(None, (ROOT, os.environ.get('PYTHONPATH'))))
    return {**os.environ, 'PYTHONPATH': path, 'OMP_NUM_THREADS': '1'}


def free_port() -> str:
    """A port on which nobody listens, for the processes of a distributed job."""
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return str(listener.getsockname()[1])


def _become(command: list[str], cwd: str, variables: Mapping[str, str],
            output: str) -> None:
    """What the forked process runs: the program, all else is as a shell sets it."""
    for number, name in ((1, 'stdout'), (2, 'stderr')):
        with open(os.path.join(output, name), 'wb') as file:
            os.dup2(file.fileno(), number)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(variables)
    leave_configs_plain()
    sys.argv = command
    if command[0] == 'mmwing':
        runpy.run_module('mmwing', run_name='__main__')
        return
    sys.path.insert(0, os.path.dirname(command[0]))
    runpy.run_path(command[0], run_name='__main__')


def run_program(program: str | os.PathLike, *arguments: object,
                cwd: str | os.PathLike, timeout: float = 300) -> (
                    subprocess.CompletedProcess[str]):
    """Run a script, or the command ``mmwing``, and wait for its end.

    Args:
        program: Path of a Python script, or ``'mmwing'``.
        arguments: What follows it on the command line.
        cwd: The working directory.
        timeout: Seconds after which it is killed.

    Returns:
        The exit status, negative where a signal ended it, and what was printed.

    Raises:
        subprocess.TimeoutExpired: It took longer than that.
    """
    command = [os.fspath(program), *map(str, arguments)]
    variables = environment()
    with mock.patch.dict(os.environ, variables):
        forkserver.ensure_running()
    with tempfile.TemporaryDirectory() as output:
        process = _SERVER.Process(
            target=_become, args=(command, os.fspath(cwd), variables, output))
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(command, timeout)
        printed = (Path(output, name).read_text(encoding='utf-8')
                   for name in ('stdout', 'stderr'))
        return subprocess.CompletedProcess(command, process.exitcode, *printed)
