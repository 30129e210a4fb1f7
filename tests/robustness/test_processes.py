"""A job of several processes ends as a whole when one of them is killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from programs import environment, free_port

import mmwing

CONFIG = 'td-reg_cnn6_wing_1xb64-24e_synthetic-64x64'
OPTIONS = ['--cfg-options', 'model.backbone.widen_factor=0.125',
           'model.head.in_channels=256', 'model.head.hidden_channels=16',
           'default_hooks.checkpoint.interval=1', 'default_hooks.logger.interval=1',
           'train_dataloader.batch_size=4', 'train_dataloader.dataset.num_samples=16',
           'train_dataloader.num_workers=0',
           'train_dataloader.persistent_workers=False']


def workers(work_dir: str) -> dict[int, int]:
    """Rank to process of the trainings in a work dir."""
    found = {}
    for folder in Path('/proc').glob('[0-9]*'):
        try:
            words = (folder / 'cmdline').read_bytes().decode().split('\0')
            variables = (folder / 'environ').read_bytes().decode().split('\0')
        except (OSError, UnicodeDecodeError):
            continue
        ranks = [each.removeprefix('RANK=') for each in variables
                 if each.startswith('RANK=')]
        if work_dir in words and ranks:
            found[int(ranks[0])] = int(folder.name)
    return found


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != 'linux', reason='looks for processes in /proc')
@pytest.mark.parametrize('victim', ['worker', 'launcher'])
def test_a_killed_process_ends_the_job_and_its_checkpoint_resumes(victim, tmp_path):
    work = tmp_path / 'work'
    train = [mmwing.tool_path('train.py'), CONFIG]
    with subprocess.Popen(
            ['bash', mmwing.tool_path('dist_train.sh'), CONFIG, '2', '--no-validate',
             '--work-dir', str(work), *OPTIONS, 'train_cfg.max_epochs=10000'],
            cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**environment(), 'PYTHON': sys.executable, 'PORT': free_port()},
    ) as job:
        log = []
        for line in job.stdout:
            log.append(line)
            if 'Epoch(train)' in line and '[2][1/2]' in line:
                break
        running = workers(str(work))
        assert sorted(running) == [0, 1], ''.join(log)
        launcher = int(Path(f'/proc/{running[0]}/stat').read_text().split()[3])
        os.kill(running[1] if victim == 'worker' else launcher, signal.SIGKILL)
        rest, _ = job.communicate(timeout=300)
    assert job.returncode not in (0, None)
    if victim == 'worker':
        assert 'rank      : 1 (local_rank: 1)' in rest, rest
        assert 'Signal 9 (SIGKILL)' in rest
    # Their output was read to its end: no process writes any more, and none is there.
    assert workers(str(work)) == {}
    assert not list(work.glob('.draft*.pth'))
    epoch = max(int(path.stem.split('_')[1]) for path in work.glob('epoch_*.pth'))
    done = subprocess.run(
        [sys.executable, *train, '--no-validate', '--work-dir', str(work), '--resume',
         *OPTIONS, f'train_cfg.max_epochs={epoch + 1}'], cwd=tmp_path,
        env=environment(), capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f'the training goes on from {work}/epoch_{epoch}.pth' in (
        done.stdout + done.stderr)
    assert (work / f'epoch_{epoch + 1}.pth').is_file()
