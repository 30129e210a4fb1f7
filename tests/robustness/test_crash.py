"""Signal 9 at random moments, then the same again: nothing lost, nothing half written.

    MMWING_CRASH_KILLS=10 MMWING_CRASH_SEED=1 \\
        pytest -m slow -rP tests/robustness/test_crash.py

prints how often each kind of work was killed. By default it is killed 3 times, at
moments that are others each time; the seed is printed.
"""

from __future__ import annotations

import ctypes
import os
import random
import runpy
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import STDOUT, TimeoutExpired
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.runner import find_latest_checkpoint

import mmwing
from mmwing.comparison import Study, Variant, jobs, plan_finals, read_results, run_stage
from mmwing.config.checkpoint import latest_checkpoint
from mmwing.datasets.converters import prepare
from mmwing.evaluation import EvaluatedFaces, read_record
from mmwing.evaluation.report import REPORT_FILES, write_report

KILLS = int(os.environ.get('MMWING_CRASH_KILLS', '3'))
CONFIG = 'td-reg_cnn6_wing_1xb64-24e_synthetic-64x64'
SMALL = {
    'train_dataloader.dataset.num_samples': 16, 'train_dataloader.batch_size': 8,
    'val_dataloader.dataset.num_samples': 4, 'model.backbone.widen_factor': 0.125,
    'model.head.in_channels': 256, 'model.head.hidden_channels': 16}

PR_SET_CHILD_SUBREAPER = 36

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != 'linux', reason='forks and looks into /proc')]

#: What a program does to files, as Python's audit hooks name it.
EVENTS = ('open', 'os.rename', 'os.remove', 'os.mkdir', 'os.rmdir', 'os.truncate',
          'shutil.rmtree')


@pytest.fixture
def rng(request):
    seed = int(os.environ.get('MMWING_CRASH_SEED')
               or random.SystemRandom().getrandbits(32))
    print(f'\nMMWING_CRASH_SEED={seed} MMWING_CRASH_KILLS={KILLS}')
    torch.set_num_threads(1)  # threads do not survive a fork
    cv2.setNumThreads(1)
    return random.Random(f'{seed} {request.node.name}')


class Work:
    """Some work in a child process, and the file operations that it consists of.

    Args:
        do: The work.
        folder: Operations on files in there, and of the suffixes, are counted.
        log: Where output goes.
        suffixes: Of the files; by default any.
    """

    def __init__(self, do: Callable[[], object], folder: Path, log: Path,
                 suffixes: tuple[str, ...] = ()) -> None:
        self.do, self.folder, self.log = do, str(folder), log
        self.suffixes = suffixes
        self.killed = 0

    def run(self) -> tuple[int, float]:
        """To its end; the number of its file operations and its seconds."""
        reading, writing = os.pipe()
        started = time.monotonic()
        child = self._start(0, 0., writing)
        os.close(writing)
        with os.fdopen(reading, 'rb') as pipe:
            count = len(pipe.read())
        _, status = os.waitpid(child, 0)
        assert status == 0, self.log.read_text()[-3000:]
        return count, time.monotonic() - started

    def kill(self, number: int, delay: float) -> bool:
        """Kill it some seconds after an operation; whether it had not ended before."""
        _, status = os.waitpid(self._start(number, delay), 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        assert killed or status == 0, self.log.read_text()[-3000:]
        self.killed += killed
        return killed

    def kill_at(self, seconds: float) -> bool:
        """Kill it after some seconds from its start."""
        child = self._start(0, 0.)
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status)
        assert killed or status == 0, self.log.read_text()[-3000:]
        self.killed += killed
        return killed

    def kill_somewhere(self, rng: random.Random, count: int, seconds: float) -> bool:
        """Half of the times at a file operation or just after it, else at any time."""
        if rng.random() < 0.5 or self.suffixes:
            return self.kill(rng.randint(1, count),
                             rng.choice([0, rng.uniform(0, 0.01)]))
        return self.kill_at(rng.uniform(0, seconds))

    def _start(self, number: int, delay: float, pipe: int = -1) -> int:
        child = os.fork()
        if child:
            return child
        status = 1
        try:
            log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(log, 1)
            os.dup2(log, 2)
            self._watch(number, delay, pipe)
            self.do()
            status = 0
        except SystemExit as stop:
            print(stop.code, flush=True)
            status = 1 if stop.code else 0
        except BaseException:
            import traceback
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(status)

    def _watch(self, number: int, delay: float, pipe: int) -> None:
        seen, me = [], os.getpid()  # not in processes that this one forks

        def notice(event: str, arguments: tuple) -> None:
            if event not in EVENTS:
                return
            if os.getpid() != me or not isinstance(arguments[0], (str, bytes, Path)):
                return
            path = os.path.abspath(os.fsdecode(arguments[0]))
            if not path.startswith(self.folder) or (
                    self.suffixes and Path(path).suffix not in self.suffixes):
                return
            seen.append(event)
            if pipe >= 0:
                os.write(pipe, b'x')
            if len(seen) == number:
                if not delay:
                    os.kill(os.getpid(), signal.SIGKILL)
                threading.Timer(delay, os.kill, (os.getpid(), signal.SIGKILL)).start()

        sys.addaudithook(notice)


def drafts(folder: Path) -> list[Path]:
    return [path for name in ('.draft*', '.partial*', '*.lock')
            for path in folder.rglob(name)]


def train(work_dir: Path, *more: str) -> None:
    """`mmwing train --resume`, in this process."""
    sys.argv = ['train.py', CONFIG, '--work-dir', str(work_dir), '--resume', *more,
                '--cfg-options', *(f'{key}={value}' for key, value in {
                    **SMALL, 'train_cfg.max_epochs': 4, 'train_cfg.val_interval': 1,
                    'train_dataloader.num_workers': 0, 'val_dataloader.num_workers': 0,
                    'train_dataloader.persistent_workers': False,
                    'val_dataloader.persistent_workers': False,
                    'default_hooks.checkpoint.interval': 1,
                    'default_hooks.checkpoint.max_keep_ckpts': 1,
                    'default_hooks.checkpoint.save_best': 'NME',
                    'default_hooks.checkpoint.rule': 'less'}.items())]
    runpy.run_path(mmwing.tool_path('train.py'), run_name='__main__')


@pytest.mark.parametrize('what', ['training', 'writing checkpoints'])
def test_a_training(what, rng, tmp_path):
    suffixes = ('.pth', '') if what == 'writing checkpoints' else ()
    folder = tmp_path / 'work'
    whole = Work(lambda: train(tmp_path / 'whole'), tmp_path / 'whole',
                 tmp_path / 'log', suffixes)
    count, seconds = whole.run()
    work = Work(lambda: train(folder), folder, tmp_path / 'log', suffixes)
    resumed = ended = 0
    while work.killed < KILLS:
        before = epoch_of(folder)
        resumed += before > 0
        if not work.kill_somewhere(rng, count, seconds):
            assert_finished(folder)
            ended += 1
            folder.rename(tmp_path / f'ended {ended}')
            continue
        for path in set(folder.glob('*.pth')) - set(drafts(folder)):
            torch.load(path, weights_only=False)
        assert epoch_of(folder) >= before, 'a checkpoint was lost'
        noted = folder / 'last_checkpoint'
        # MMEngine's own resume finds one, too.
        assert not noted.exists() or Path(find_latest_checkpoint(str(folder))).is_file()
        if (folder / 'run.json').exists():
            read_record(folder)
    work.run()
    assert_finished(folder)
    print(f'{what}: {work.killed} kills, {resumed} resumed from a checkpoint, '
          f'{ended + 1} trainings ended with a figure')


def epoch_of(folder: Path) -> int:
    latest = latest_checkpoint(str(folder)) if folder.is_dir() else None
    return torch.load(latest, weights_only=False)['meta']['epoch'] if latest else 0


def assert_finished(folder: Path) -> None:
    record = read_record(folder)
    assert record.training.finished and np.isfinite(record.nme)
    assert [point['epoch'] for point in record.training.curve] == [1, 2, 3, 4]
    assert epoch_of(folder) == 4
    assert drafts(folder) == []


@pytest.mark.parametrize('mode', ['copy', 'crop'])
def test_preparing(mode, rng, tmp_path, miniature):
    options = {'images': mode, 'crop': 2. if mode == 'crop' else None, 'jobs': 2}
    archive, whole, out = miniature, tmp_path / 'whole', tmp_path / 'out'
    log = tmp_path / 'log'
    count, seconds = Work(lambda: prepare('300w', archive, whole, **options), whole,
                          log).run()
    expected = contents(whole)
    work = Work(lambda: prepare('300w', archive, out, **options), out, log)
    ended = 0
    while work.killed < KILLS:
        if not work.kill_somewhere(rng, count, seconds):
            assert contents(out) == expected
            ended += 1
            out.rename(tmp_path / f'ended {ended}')
            continue
        found = {path: content for path, content in contents(out).items()
                 if not path.startswith('.') and '/.' not in path}
        assert found.items() <= expected.items(), 'a file is half written'
    work.run()
    assert contents(out) == expected
    print(f'preparing, {mode}: {work.killed} kills, {ended + 1} runs ended whole')


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob('*') if path.is_file()}


@pytest.fixture
def miniature(tmp_path):
    """Eight faces in the layout of 300-W."""
    folder = Path(__file__).resolve().parents[1] / 'datasets' / 'converters'
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        from miniature import make_300w
        make_300w(tmp_path / 'raw')
    return tmp_path / 'raw'


def test_reporting(rng, tmp_path):
    folder = tmp_path / 'reports' / 'mine'
    work = Work(lambda: write_report(some_faces(12), folder), folder.parent,
                tmp_path / 'log')
    write_report(some_faces(9), folder)
    count, seconds = work.run()
    sizes = {9: 0, 12: 0}
    while work.killed < KILLS:
        size = rng.choice([9, 12])
        work.do = lambda size=size: write_report(some_faces(size), folder)
        work.kill_somewhere(rng, count, seconds)
        sizes[assert_report(folder)] += 1
    work.run()
    assert_report(folder)
    assert [path.name for path in folder.parent.iterdir()] == ['mine']
    print(f'reporting: {work.killed} kills, the folder held a whole report after each')


def some_faces(count: int) -> EvaluatedFaces:
    random = np.random.default_rng(count)
    true = random.uniform(20, 100, (1, 68, 2)) + random.normal(0, 2, (count, 68, 2))
    return EvaluatedFaces(
        true + random.normal(0, 1, true.shape), true, np.ones((count, 68), bool),
        np.tile([0., 0., 120., 120.], (count, 1)), [f'{i}.jpg' for i in range(count)],
        [''] * count)


def assert_report(folder: Path) -> int:
    """That a report is whole; its number of faces."""
    record = read_record(folder)
    names = {path.name for path in folder.iterdir()}
    assert {'report.html', 'per_image.csv', 'ced.png', 'error_map.png'} <= names
    assert all(any(path.match(known) for known in REPORT_FILES)
               for path in folder.iterdir())
    assert (folder / 'report.html').read_text().rstrip().endswith('</html>')
    rows = (folder / 'per_image.csv').read_text().splitlines()
    assert len(rows) == len(record) + 1
    assert all(cv2.imread(str(path)) is not None for path in folder.glob('*.png'))
    return len(record)


class ForkedTool:
    """In the place of `subprocess.Popen`: the tool runs without importing all anew."""

    def __init__(self, command, env, stdout, stderr, preexec_fn) -> None:
        self.returncode = None
        self.pid = os.fork()
        if self.pid:
            return
        status = 1
        try:
            preexec_fn()
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.dup2(stdout.fileno(), 1)
            os.dup2(stdout.fileno(), 2)
            os.environ.update(env)
            sys.argv = command[1:]
            runpy.run_path(sys.argv[0], run_name='__main__')
            status = 0
        except SystemExit as stop:
            status = 1 if stop.code else 0
            print(stop.code or '')
        finally:
            sys.stdout.flush()
            os._exit(status)

    def poll(self) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        while self.poll() is None:
            time.sleep(0.01)
        return self.returncode

    def terminate(self) -> None:
        os.kill(self.pid, signal.SIGTERM)

    kill = terminate


def test_comparing(rng, tmp_path, monkeypatch):
    monkeypatch.setattr(jobs, 'subprocess', SimpleNamespace(
        Popen=ForkedTool, STDOUT=STDOUT, TimeoutExpired=TimeoutExpired))
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    variants = [Variant.parse('WingLoss'), Variant.parse('L1Loss')]

    def study(name: str) -> Study:
        return Study(CONFIG, tmp_path / name, tmp_path / name / 'study.jsonl', 3, SMALL)

    def compare(name: str) -> None:
        lrs = dict.fromkeys(map(str, variants))
        plan = plan_finals(study(name), variants, lrs, [0])
        assert run_stage(study(name), plan, 2) == 0

    for name in ('whole', 'killed'):
        (tmp_path / name).mkdir()
    count, seconds = Work(lambda: compare('whole'), tmp_path / 'whole',
                          tmp_path / 'log').run()
    expected = figures(study('whole'))
    assert len(expected) == 2
    work = Work(lambda: compare('killed'), tmp_path / 'killed', tmp_path / 'log')
    ended = 0
    while work.killed < KILLS:
        if not work.kill_somewhere(rng, count, seconds):
            assert figures(study('killed')) == expected
            ended += 1
            (tmp_path / 'killed').rename(tmp_path / f'ended {ended}')
            (tmp_path / 'killed').mkdir()
            continue
        wait_for_orphans()
        assert figures(study('killed')).items() <= expected.items()
    work.run()
    assert figures(study('killed')) == expected, 'a resumed run has other figures'
    lines = study('killed').results.read_text().splitlines()
    assert len(lines) == len(study('whole').results.read_text().splitlines())
    assert drafts(tmp_path / 'killed') == []
    print(f'comparing: {work.killed} kills, {ended + 1} comparisons ended with the '
          'figures of one that was not killed')


def figures(study: Study) -> dict[str, object]:
    """All that a resumed run must have in common with one that was not killed."""
    if not study.results.exists():
        return {}
    return {result.name: (result.errors.tolist(), result.curve, result.run_hash)
            for result in read_results(study.results)}


def wait_for_orphans() -> None:
    """Trainings end when the comparison is gone, and are children of this process."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.02)
        except ChildProcessError:
            return
    raise AssertionError('a training outlives its comparison')
