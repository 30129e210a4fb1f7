"""The shell scripts that start several processes: signals and exit statuses."""

import json
import os
import signal
import subprocess
import sys
from functools import partial

import pytest

import mmwing

#: In the place of Python with torch's launcher.
LAUNCHER = """#!{python}
import json, os, signal, sys
def end(number, frame):
    sys.exit(7)
signal.signal(signal.SIGTERM, end)
pipe = open({pipe!r}, 'w')
print(json.dumps([os.getpid(), *sys.argv[1:]]), file=pipe, flush=True)
if 'wait' in sys.argv:
    signal.pause()
sys.exit(3)
"""


@pytest.mark.parametrize(('script', 'arguments'), [
    ('dist_train.sh', ['CONFIG', '2']),
    ('dist_test.sh', ['CONFIG', 'CHECKPOINT', '2'])])
@pytest.mark.parametrize('number', [None, signal.SIGTERM, signal.SIGHUP])
def test_signals_reach_the_launcher_and_its_status_comes_back(
        script, arguments, number, tmp_path):
    pipe, launcher = tmp_path / 'pipe', tmp_path / 'launcher'
    os.mkfifo(pipe)
    launcher.write_text(LAUNCHER.format(python=sys.executable, pipe=str(pipe)))
    launcher.chmod(0o755)
    more = ['--work-dir', 'a b', *(['wait'] if number else [])]
    command = ['bash', mmwing.tool_path(script), *arguments, *more]
    environment = {**os.environ, 'PYTHON': str(launcher)}
    # Whoever started the tests may ignore the signal (nohup does), and a shell cannot
    # trap what was ignored when it began.
    with subprocess.Popen(
            command, env=environment,
            preexec_fn=partial(signal.signal, signal.SIGHUP, signal.SIG_DFL),
    ) as started, open(pipe) as reader:
        pid, *words = json.loads(reader.readline())
        assert '--nproc_per_node=2' in words and words[-len(more):] == more
        if number:
            started.send_signal(number)
        assert started.wait(60) == (7 if number else 3)
    with pytest.raises(ProcessLookupError):  # the script waited for its end
        os.kill(pid, 0)
