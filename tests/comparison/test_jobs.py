"""Whatever ends a comparison ends its trainings, and no training runs twice."""

import os
import select
import signal
import sys

import pytest
from mmengine.config import Config

from mmwing.comparison import jobs
from mmwing.comparison.jobs import Job, run_jobs

#: Says its process, and lives until it is ended.
TRAINER = """
import os, signal, sys
{ignore}
pipe = open({pipe!r}, 'w')
print(os.getpid(), file=pipe, flush=True)
while True:
    signal.pause()
"""
IGNORE = 'signal.signal(signal.SIGTERM, signal.SIG_IGN)'


@pytest.mark.parametrize(('number', 'ignore'), [
    (signal.SIGTERM, ''), (signal.SIGINT, ''), (signal.SIGTERM, IGNORE),
    pytest.param(signal.SIGKILL, '', marks=pytest.mark.skipif(
        sys.platform != 'linux', reason='Linux tells of a parent that died'))])
def test_trainings_end_with_their_comparison(number, ignore, tmp_path, monkeypatch):
    pipe = tmp_path / 'pipe'
    os.mkfifo(pipe)
    trainer = tmp_path / 'trainer.py'
    trainer.write_text(TRAINER.format(pipe=str(pipe), ignore=ignore))
    monkeypatch.setattr(jobs, 'tool_path', lambda name: str(trainer))
    monkeypatch.setattr(jobs, '_PATIENCE_SECONDS', 0.5)
    comparison = os.fork()
    if comparison == 0:
        os.setpgid(0, 0)
        # A program in the background of a shell has it ignored, and so have the tests.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            run_jobs([Job(name, Config(), tmp_path / name) for name in 'ab'], 2, str)
        except (SystemExit, KeyboardInterrupt):
            os._exit(5)
        finally:
            os._exit(0)
    with open(pipe) as reader:
        assert int(reader.readline()) and int(reader.readline())
        os.kill(comparison, number)
        _, status = os.waitpid(comparison, 0)
        assert select.select([reader], [], [], 60)[0], 'a training still runs'
        assert reader.read() == ''
    if number == signal.SIGKILL:
        assert os.WTERMSIG(status) == number
    else:
        assert os.waitstatus_to_exitcode(status) == 5
