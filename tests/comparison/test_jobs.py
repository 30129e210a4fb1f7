"""Whatever ends a comparison ends its trainings, and no training runs twice."""

import os
import select
import signal
import sys

import pytest
from mmengine.config import Config, ConfigDict

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


def make_job(folder, run_hash='a', options=None, epochs=2):
    return Job('final L1Loss', Config(dict(
        train_cfg=dict(max_epochs=epochs), run_hash=run_hash, custom_hooks=[dict(
            type='mmwing.RunRecordHook', provenance=dict(options=options or {}))])),
        folder)


def test_a_folder_of_another_run_is_refused_before_any_begins(tmp_path):
    begun = make_job(tmp_path / 'run')
    begun.work_dir.mkdir()
    begun.cfg.dump(begun.config)
    begun.check_folder()
    make_job(tmp_path / 'another', 'b').check_folder()
    jobs = [make_job(tmp_path / 'first'), make_job(begun.work_dir, 'b')]
    with pytest.raises(ValueError, match='run holds another run than final L1Loss.*'
                                         'another --work-dir, or remove the folder'):
        run_jobs(jobs, 1, str)
    assert not jobs[0].work_dir.exists()


def test_a_folder_of_an_earlier_version_goes_on_if_it_may(tmp_path):
    """It has no hash; MMEngine has written back what the training made of it."""
    begun = make_job(tmp_path, options={'a.b': (1, 2)})
    begun.cfg.pop('run_hash')
    begun.cfg.load_from = 'epoch_1.pth'
    begun.cfg.custom_hooks.insert(0, ConfigDict(type='EMAHook'))
    begun.cfg.dump(begun.config)
    make_job(tmp_path, options={'a.b': (1, 2)}).check_folder()
    for options, epochs in (({'a.b': (1, 3)}, 2), ({'a.b': (1, 2)}, 3)):
        with pytest.raises(ValueError, match='holds another run'):
            make_job(tmp_path, 'a', options, epochs).check_folder()


@pytest.mark.parametrize('text', ['', 'train_cfg = dict(max_ep', 'a = 1\ntrain_c'])
def test_a_config_that_a_kill_cut_off_does_not_stop_a_run(text, tmp_path):
    job = make_job(tmp_path)
    job.config.write_text(text)
    job.check_folder()
