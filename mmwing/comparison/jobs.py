"""Run several trainings at once, each in its own process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from pathlib import Path

from mmengine.config import Config

from mmwing.config.lifetime import end_with_parent, exit_on_sigterm
from mmwing.evaluation.run_file import RECORD_NAME
from mmwing.files import replace_file
from mmwing.resources import PACKAGE, tool_path

#: Several runs at once are faster than several threads in one.
_THREADS = dict.fromkeys(
    ('OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'OPENBLAS_NUM_THREADS'), '1')
_POLL_SECONDS = 0.2
_LOG_LINES = 5
# A training that does not end at SIGTERM within this time is killed.
_PATIENCE_SECONDS = 20


@dataclass(frozen=True)
class Job:
    """One training run.

    Attributes:
        name: What to call it in messages.
        cfg: What it trains; ``run_hash`` in it tells it from any other run.
        work_dir: Its own directory; a run that is found there is resumed.
    """

    name: str
    cfg: Config
    work_dir: Path

    @property
    def log(self) -> Path:
        """Where the run's output goes."""
        return self.work_dir / 'log.txt'

    @property
    def record(self) -> Path:
        """Where the run keeps its record."""
        return self.work_dir / RECORD_NAME

    @property
    def config(self) -> Path:
        """Where the run reads its config; MMEngine writes it back there."""
        return self.work_dir / 'config.py'

    def finds_another_run(self) -> bool:
        """Whether the directory is that of a run of another config."""
        try:
            begun = Config.fromfile(self.config)
        except (FileNotFoundError, SyntaxError, NameError):
            # Not begun, or a kill cut the file off, even in the middle of a name.
            return False
        if 'run_hash' in begun:
            return begun.run_hash != self.cfg.get('run_hash')
        # Earlier versions did not write it, and a training rewrites much of a config:
        # what it leaves as it is must agree.
        return _settings(begun) not in (None, _settings(self.cfg))

    def check_folder(self) -> None:
        """Refuse to go on with, or to take the record of, another run.

        Raises:
            ValueError: If the directory is that of a run of another config.
        """
        if self.finds_another_run():
            raise ValueError(
                f'{self.work_dir} holds another run than {self.name} of this study, '
                'one of another config or of other settings: give another --work-dir, '
                'or remove the folder')


def job_environment(slot: int, gpus: Sequence[str] = (),
                    processes: int = 1) -> dict[str, str]:
    """Environment of the run in a slot: one thread, its own GPUs, this mmwing.

    Args:
        slot: Number of the run among those that run at once, from 0.
        gpus: What ``CUDA_VISIBLE_DEVICES`` names; runs take them in turn.
        processes: How many GPUs a run takes.
    """
    root = str(PACKAGE.parent)
    path = os.pathsep.join(filter(None, (root, os.environ.get('PYTHONPATH'))))
    environment = {**os.environ, **_THREADS, 'PYTHONPATH': path}
    if gpus:
        first = slot * processes
        environment['CUDA_VISIBLE_DEVICES'] = ','.join(dict.fromkeys(
            gpus[index % len(gpus)] for index in range(first, first + processes)))
    return environment


def visible_gpus() -> list[str]:
    """The GPUs that runs may use, as ``CUDA_VISIBLE_DEVICES`` names them."""
    import torch

    named = os.environ.get('CUDA_VISIBLE_DEVICES')
    if named is not None:
        names = (name.strip() for name in named.split(','))
        # As CUDA reads it: what stands behind a -1 is hidden, too.
        return [name for name in takewhile(lambda name: name != '-1', names) if name]
    return [str(index) for index in range(torch.cuda.device_count())]


def default_at_once(processes: int = 1) -> int:
    """As many runs at once as there are GPUs for, or CPU cores without a GPU."""
    gpus = visible_gpus()
    if hasattr(os, 'sched_getaffinity'):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return max(1, (len(gpus) or cores) // processes)


def run_jobs(jobs: Sequence[Job], at_once: int,
             finish: Callable[[Job], str],
             say: Callable[[str], None] = print,
             processes: int = 1,
             may_start: Callable[[], bool] | None = None) -> list[Job]:
    """Train, ``at_once`` runs at a time.

    A run that fails does not stop the others. Whatever ends this function ends the
    runs that it has started: an error, Ctrl-C, SIGTERM, and on Linux signal 9, too.

    Args:
        jobs: The runs.
        at_once: How many.
        finish: Keeps the result of a run that ended well, and returns a few words
            about it.
        say: Where messages go.
        processes: How many processes train one run, by torch's launcher.
        may_start: Asked before each run begins; once it says no, none begins.

    Returns:
        The runs that failed.

    Raises:
        ValueError: If ``at_once`` or ``processes`` is not positive, or the directory of
            a run holds another one; then none begins.
    """
    if at_once < 1:
        raise ValueError(f'jobs must be positive, got {at_once}')
    if processes < 1:
        raise ValueError(f'processes must be positive, got {processes}')
    for job in jobs:
        job.check_folder()
    waiting = list(jobs)
    total = len(waiting)
    gpus = visible_gpus()
    running: dict[int, tuple[Job, subprocess.Popen]] = {}
    failed: list[Job] = []
    ended = 0
    with exit_on_sigterm(), _ended_at_last(running):
        while waiting or running:
            for slot in range(at_once):
                if not waiting or slot in running:
                    continue
                if may_start is not None and not may_start():
                    waiting.clear()
                    continue
                job = waiting.pop(0)
                running[slot] = job, _start(
                    job, job_environment(slot, gpus, processes), processes)
            for slot, (job, process) in list(running.items()):
                if process.poll() is None:
                    continue
                del running[slot]
                ended += 1
                if process.returncode == 0 and job.record.is_file():
                    say(f'[{ended}/{total}] {job.name}: {finish(job)}')
                else:
                    failed.append(job)
                    say(f'[{ended}/{total}] {job.name}: FAILED, see {job.log}\n'
                        f'{_tail(job.log)}')
            time.sleep(_POLL_SECONDS)
    return failed


@contextmanager
def _ended_at_last(running: Mapping[int, tuple[Job, subprocess.Popen]]) -> Iterator:
    """End the runs that are there at the end of the block."""
    try:
        yield
    finally:
        for _, process in running.values():
            process.terminate()
        for _, process in running.values():
            try:
                process.wait(_PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _start(job: Job, environment: dict[str, str],
           processes: int) -> subprocess.Popen:
    job.work_dir.mkdir(parents=True, exist_ok=True)
    with replace_file(job.config) as draft:
        job.cfg.dump(str(draft))
    command = [tool_path('train.py'), str(job.config), '--work-dir', str(job.work_dir),
               '--resume']
    if processes > 1:
        # Runs at once need ports of their own.
        command = ['-m', 'torch.distributed.run', '--nproc_per_node', str(processes),
                   '--master_addr', '127.0.0.1', '--master_port', str(_free_port()),
                   *command, '--launcher', 'pytorch']
    with job.log.open('a', encoding='utf-8') as log:
        return subprocess.Popen([sys.executable, *command], env=environment,
                                stdout=log, stderr=subprocess.STDOUT,
                                preexec_fn=partial(end_with_parent, os.getpid()))


def _settings(cfg: Config) -> tuple | None:
    """Length and options of a run; None where the config does not tell both."""
    hooks = [hook for hook in cfg.get('custom_hooks') or []
             if hook.get('type') == 'mmwing.RunRecordHook']
    if not hooks or 'train_cfg' not in cfg:
        return None
    return cfg.train_cfg, (hooks[-1].get('provenance') or {}).get('options')


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        return sock.getsockname()[1]


def _tail(log: Path) -> str:
    lines = log.read_text(encoding='utf-8', errors='replace').splitlines()
    return '\n'.join(f'    {line}' for line in lines[-_LOG_LINES:])
