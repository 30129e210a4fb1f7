"""The newest whole checkpoint of a run is found, whatever a kill has left."""

import os
import zipfile
from pathlib import Path

import pytest
from mmengine.config import Config

from mmwing.config import checkpoint, find_checkpoint, latest_checkpoint, resume_latest


def save(path: Path, whole: bool = True) -> None:
    """As `torch.save` does; half of it as a killed process leaves it."""
    with zipfile.ZipFile(path, 'w') as file:
        file.writestr('archive/data.pkl', os.urandom(1000))
    if not whole:
        path.write_bytes(path.read_bytes()[:600])


def note(folder: Path, text: str) -> None:
    (folder / 'last_checkpoint').write_text(text)


def test_a_work_dir_stands_for_its_last_checkpoint(tmp_path, capsys):
    with pytest.raises(FileNotFoundError, match='no checkpoint'):
        find_checkpoint(str(tmp_path))
    assert capsys.readouterr() == ('', '')  # the message alone
    last = tmp_path / 'epoch_2.pth'
    save(last)
    # The folder was moved after training.
    note(tmp_path, '/elsewhere/epoch_2.pth')
    assert find_checkpoint(str(tmp_path)) == str(last)
    assert find_checkpoint(str(last)) == str(last)
    assert find_checkpoint('https://host/x.pth') == 'https://host/x.pth'
    with pytest.raises(FileNotFoundError, match='nowhere'):
        find_checkpoint(str(tmp_path / 'nowhere.pth'))


@pytest.mark.parametrize('text', [None, '', '\0\0', 'epoch_9.pth', 'epoch_10.pth'])
def test_the_newest_whole_one_is_taken(text, tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(checkpoint, 'print_log', lambda text, *_: said.append(text))
    for number in (8, 9, 10):  # by number: 10 comes after 9
        save(tmp_path / f'epoch_{number}.pth')
    save(tmp_path / 'epoch_11.pth', whole=False)
    (tmp_path / 'epoch_12.pth').touch()
    save(tmp_path / 'best_NME_epoch_20.pth')
    if text is not None:
        note(tmp_path, text)
    assert latest_checkpoint(str(tmp_path)) == str(tmp_path / 'epoch_10.pth')
    assert said == [f'{tmp_path / name} is incomplete and is passed over'
                    for name in ('epoch_12.pth', 'epoch_11.pth')]


def test_checkpoints_may_lie_elsewhere_and_have_other_names(tmp_path):
    (tmp_path / 'out').mkdir()
    (tmp_path / 'work').mkdir()
    save(tmp_path / 'out' / 'epoch_3.pth')
    note(tmp_path / 'work', str(tmp_path / 'out' / 'epoch_3.pth'))
    assert latest_checkpoint(str(tmp_path / 'work')) == str(
        tmp_path / 'out' / 'epoch_3.pth')
    save(tmp_path / 'out' / 'model-4.pth')
    note(tmp_path / 'work', str(tmp_path / 'out' / 'model-4.pth'))
    assert latest_checkpoint(str(tmp_path / 'work')) == str(
        tmp_path / 'out' / 'model-4.pth')


def test_of_two_kinds_the_one_written_last_counts(tmp_path):
    save(tmp_path / 'iter_500.pth')
    save(tmp_path / 'epoch_3.pth')
    os.utime(tmp_path / 'iter_500.pth', (1, 1))
    assert latest_checkpoint(str(tmp_path)) == str(tmp_path / 'epoch_3.pth')


def test_resuming_without_a_checkpoint_keeps_the_weights_to_begin_with(tmp_path):
    cfg = Config(dict(work_dir=str(tmp_path), resume=True, load_from='stage1.pth'))
    resume_latest(cfg)
    assert not cfg.resume and cfg.load_from == 'stage1.pth'
    save(tmp_path / 'epoch_1.pth')
    resume_latest(cfg)
    assert cfg.resume and cfg.load_from == str(tmp_path / 'epoch_1.pth')
