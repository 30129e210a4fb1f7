"""A program ends together with the one that started it."""

import os
import select
import signal
import sys

import pytest

from mmwing.config.lifetime import end_with_parent, exit_on_sigterm


@pytest.mark.skipif(sys.platform != 'linux', reason='Linux tells of a parent that died')
@pytest.mark.parametrize('when', ['later', 'before'])
def test_a_child_ends_with_a_killed_parent(when):
    end, alive = os.pipe()  # reading ends when no process has `alive` any more
    ready, say = os.pipe()
    parent = os.fork()
    if parent == 0:
        me = os.getpid()
        if os.fork() == 0:
            if when == 'before':
                os.close(say)
                signal.alarm(60)
                while os.getppid() == me:  # the parent is killed first
                    pass
            end_with_parent(me)
            if when == 'later':
                os.write(say, b'x')
            os.close(say)
            signal.pause()
        os.close(say)
        signal.pause()
        os._exit(0)
    os.close(alive)
    os.close(say)
    if when == 'later':
        assert os.read(ready, 1) == b'x'
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    assert select.select([end], [], [], 60)[0], 'the child still runs'
    assert os.read(end, 1) == b''
    os.close(end)
    os.close(ready)


def test_sigterm_runs_what_finally_has_to_do():
    before = signal.getsignal(signal.SIGTERM)
    done = []
    with pytest.raises(SystemExit) as caught, exit_on_sigterm():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()
        finally:
            done.append(True)
    assert caught.value.code == 128 + signal.SIGTERM and done
    assert signal.getsignal(signal.SIGTERM) == before


def test_what_nohup_ignores_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with exit_on_sigterm():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
