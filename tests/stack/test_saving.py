"""MMEngine writes checkpoints whole: a kill or a full disk leaves the old ones."""

import signal
from pathlib import Path
from unittest import mock

import pytest
import torch
from mmengine.hooks import CheckpointHook
from mmengine.logging import MessageHub
from mmengine.runner import find_latest_checkpoint
from programs import run_program

CONFIG = 'td-reg_cnn6_wing_1xb64-24e_synthetic-64x64'
OPTIONS = ['model.backbone.widen_factor=0.125', 'model.head.in_channels=256',
           'model.head.hidden_channels=16', 'train_cfg.max_epochs=3',
           'default_hooks.checkpoint.interval=1', 'train_dataloader.batch_size=4',
           'train_dataloader.dataset.num_samples=4', 'train_dataloader.num_workers=0',
           'train_dataloader.persistent_workers=False']

#: `mmwing train`, after a change that lets it die at its Nth file.
PROGRAM = """
import os, sys, resource
import mmwing.cli
import mmwing.files as files
{change}
sys.exit(mmwing.cli.main())
"""

#: The process is killed with half of the file written, or all but its name.
HALF = """
from pathlib import Path
write, count = Path.write_bytes, []
def write_half(self, data):
    count.append(self)
    if len(count) == {number}:
        write(self, data[:len(data) // 2])
        os.kill(os.getpid(), 9)
    return write(self, data)
Path.write_bytes = write_half
"""
UNNAMED = """
replace, count = os.replace, []
def die(draft, target):
    count.append(target)
    if len(count) == {number}:
        os.kill(os.getpid(), 9)
    replace(draft, target)
files.os.replace = die
"""


def train(folder: Path, *arguments: str, change: str = '') -> tuple[int, str]:
    program = folder / 'program.py'
    program.write_text(PROGRAM.format(change=change))
    done = run_program(program, 'train', CONFIG, '--no-validate', '--work-dir', 'work',
                       *arguments, '--cfg-options', *OPTIONS, cwd=folder)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(('change', 'number', 'last'), [
    (HALF, 2, 1),  # the second checkpoint
    pytest.param(UNNAMED, 3, 1, marks=pytest.mark.slow),
    pytest.param(UNNAMED, 4, 2, marks=pytest.mark.slow)],
    ids=['half', 'unnamed', 'note'])
def test_a_kill_loses_at_most_the_file_being_written(change, number, last, tmp_path):
    status, log = train(tmp_path, change=change.format(number=number))
    assert status == -signal.SIGKILL, log
    work = tmp_path / 'work'
    for path in work.glob('epoch_*.pth'):
        assert torch.load(path, weights_only=False)['meta']['epoch']  # it is whole
    assert (work / f'epoch_{last}.pth').is_file()
    assert not (work / f'epoch_{last + 1}.pth').exists()
    # Also what MMEngine reads is whole: it names one that is there.
    assert Path(tmp_path, find_latest_checkpoint(str(work))).is_file()
    status, log = train(tmp_path, '--resume')
    assert status == 0, log
    assert f'the training goes on from work/epoch_{last}.pth' in log
    assert f'resumed epoch: {last},' in log and (work / 'epoch_3.pth').is_file()
    assert {path.name for path in work.glob('.draft*')} == set()


@pytest.mark.parametrize('fails', [False, True])
@pytest.mark.parametrize('best', [False, True])
def test_an_old_checkpoint_is_removed_after_the_new_is_whole(best, fails, tmp_path):
    """Also where one alone is to be kept; not at all if the new cannot be written."""
    hook = CheckpointHook(interval=1, max_keep_ckpts=1, rule='less',
                          save_best='NME' if best else None)
    runner = mock.Mock(work_dir=str(tmp_path), epoch=0, iter=0, train_dataloader=[0],
                       message_hub=MessageHub(f'saving {best} {fails}'))
    first = {'epoch_1.pth', 'best_NME_epoch_1.pth'} if best else {'epoch_1.pth'}

    def there() -> set[str]:
        return {path.name for path in tmp_path.glob('*.pth')}

    def write(folder, filename, *args, **kwargs):
        # The best is saved last; until then the old one is the best that there is.
        assert first - {'epoch_1.pth'} <= there()
        assert there() & {'epoch_1.pth', 'epoch_2.pth'}
        if fails and '2' in filename:
            raise OSError('the disk is full')
        Path(folder, filename).touch()

    def train_an_epoch() -> None:
        hook._save_checkpoint(runner)
        runner.epoch += 1
        hook._save_best_checkpoint(runner, {'NME': 1 / runner.epoch})

    runner.save_checkpoint = lambda folder, filename, *args, **kwargs: Path(
        folder, filename).touch()
    hook.before_train(runner)
    train_an_epoch()
    assert there() == first
    runner.save_checkpoint = write
    if fails:
        with pytest.raises(OSError, match='full'):
            train_an_epoch()
        assert there() == first
    else:
        train_an_epoch()
        assert there() == {name.replace('1', '2') for name in first}


def test_a_full_disk_ends_with_one_line(tmp_path):
    limit = 'resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))'
    status, log = train(tmp_path, change=limit)
    assert status == 1
    error = log[log.rindex('error: '):]
    assert 'File too large' in error and 'epoch_1.pth' in error
    assert 'Traceback' not in log
    assert not list((tmp_path / 'work').glob('*.pth'))
    assert not list((tmp_path / 'work').glob('.draft*'))
