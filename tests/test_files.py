"""Atomic writes: complete or not there, whatever happens in between."""

import errno
import os
import resource
import shutil
import signal
import tempfile
import time
from pathlib import Path

import pytest
from programs import run_program

from mmwing import files
from mmwing.files import (
    check_file,
    check_folder,
    check_regular_file,
    path_below,
    printable,
    read_bytes,
    read_json,
    read_text,
    remove_drafts,
    replace_file,
    replace_files,
    replace_folder,
    write_bytes,
    write_json,
    write_text,
)


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def test_writes_and_makes_folders(tmp_path):
    path = tmp_path / 'new' / 'deep' / 'a.txt'
    write_text(path, 'é\n')
    assert path.read_bytes() == 'é\n'.encode()
    write_bytes(path, b'\x00')
    assert path.read_bytes() == b'\x00'
    write_json(path, {'a': [1]})
    assert path.read_text() == '{"a": [1]}'
    assert names(path.parent) == ['a.txt']


def test_draft_keeps_the_suffix_beside_the_file(tmp_path):
    with replace_file(tmp_path / 'picture.png') as draft:
        assert draft.suffix == '.png'
        assert draft.parent == tmp_path
        assert not draft.exists()
        draft.write_text('x')
        assert not (tmp_path / 'picture.png').exists()
    assert (tmp_path / 'picture.png').read_text() == 'x'


@pytest.mark.parametrize('error', [ValueError, KeyboardInterrupt, SystemExit,
                                   OSError(errno.ENOSPC, 'No space left')])
@pytest.mark.parametrize('when', ['before writing', 'half written'])
def test_old_file_survives_any_error(tmp_path, error, when):
    path = tmp_path / 'a.txt'
    path.write_text('old')
    expected = error if isinstance(error, type) else OSError
    with pytest.raises(expected), replace_file(path) as draft:
        if when == 'half written':
            draft.write_text('hal')
        raise error
    assert path.read_text() == 'old'
    assert names(tmp_path) == ['a.txt']


def test_several_files_appear_together_or_not_at_all(tmp_path):
    first, second = tmp_path / 'a', tmp_path / 'sub' / 'b'
    first.write_text('old')
    with pytest.raises(KeyboardInterrupt), replace_files(first, second) as drafts:
        drafts[0].write_text('new')
        raise KeyboardInterrupt
    assert first.read_text() == 'old' and not second.exists()
    with replace_files(first, second) as drafts:
        for draft in drafts:
            draft.write_text('new')
        assert first.read_text() == 'old'
    assert first.read_text() == second.read_text() == 'new'
    assert names(tmp_path) == ['a', 'sub'] and names(second.parent) == ['b']


def test_nothing_is_renamed_when_one_was_not_written(tmp_path):
    first, second = tmp_path / 'a', tmp_path / 'b'
    first.write_text('old')
    with pytest.raises(FileNotFoundError, match=f"'{second}'"), \
            replace_files(first, second) as drafts:
        drafts[0].write_text('new')
    assert first.read_text() == 'old'
    assert names(tmp_path) == ['a']


def test_full_disk_leaves_the_old_file_and_names_it(tmp_path):
    path = tmp_path / 'a.bin'
    path.write_bytes(b'old')
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(OSError, match='a.bin') as caught:
            write_bytes(path, b'x' * 10000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert caught.value.errno == errno.EFBIG
    assert '.draft' not in str(caught.value)
    assert path.read_bytes() == b'old'
    assert names(tmp_path) == ['a.bin']


def test_errors_about_other_files_stay_as_they_are(tmp_path):
    with pytest.raises(FileNotFoundError, match='elsewhere'), \
            replace_file(tmp_path / 'a'):
        (tmp_path / 'elsewhere').read_text()


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(IsADirectoryError, match=str(tmp_path)):
        write_text(tmp_path, 'x')
    with pytest.raises(IsADirectoryError):
        check_file(tmp_path)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / 'file').write_text('x')
    with pytest.raises(NotADirectoryError, match='file'):
        check_folder(tmp_path / 'file', ['*'])
    with pytest.raises(OSError, match='file'):
        write_text(tmp_path / 'file' / 'a', 'x')
    with pytest.raises(OSError, match='file'):
        check_file(tmp_path / 'file' / 'a')


@pytest.fixture
def own_folder():
    """A folder of a user who is not root; root may write everywhere."""
    folder = Path(tempfile.mkdtemp())
    if os.geteuid() == 0:
        os.chown(folder, 65534, 65534)
        os.seteuid(65534)
    yield folder
    if os.getuid() == 0:
        os.seteuid(0)
    shutil.rmtree(folder)


def test_read_only_file(own_folder):
    path = own_folder / 'a'
    path.write_text('old')
    path.chmod(0o444)
    with pytest.raises(PermissionError, match=str(path)):
        write_text(path, 'new')
    assert path.read_text() == 'old' and names(own_folder) == ['a']


@pytest.mark.parametrize('write', [check_file, lambda path: write_text(path, 'new'),
                                   lambda path: check_folder(path, ['*'])])
def test_read_only_folder(own_folder, write):
    own_folder.chmod(0o555)
    with pytest.raises(PermissionError, match=f"'{own_folder}/b'"):
        write(own_folder / 'b')
    with pytest.raises(PermissionError, match=f"'{own_folder}/new'"):
        write(own_folder / 'new' / 'b')


def test_permissions_and_link_stay(tmp_path):
    path = tmp_path / 'a'
    path.write_text('old')
    path.chmod(0o640)
    link = tmp_path / 'link'
    link.symlink_to(path)
    write_text(link, 'new')
    assert link.is_symlink()
    assert path.read_text() == 'new'
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_link_can_be_the_content(tmp_path):
    with replace_file(tmp_path / 'link') as draft:
        draft.symlink_to(tmp_path / 'nowhere')
    assert os.readlink(tmp_path / 'link') == str(tmp_path / 'nowhere')


def test_a_pipe_is_written_to_and_stays(tmp_path):
    pipe = tmp_path / 'pipe'
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        check_file(pipe)
        write_text(pipe, 'x')
        assert os.read(reader, 10) == b'x'
    finally:
        os.close(reader)
    assert pipe.is_fifo()


def test_check_file_looks_at_the_suffix_where_it_counts(tmp_path):
    check_file(tmp_path / 'a.PNG', ('.jpg', '.png'))
    check_file(tmp_path / 'a.xyz')
    for name in ('a.xyz', 'a', '.png'):
        with pytest.raises(ValueError, match=r'one of the formats \.jpg, \.png'):
            check_file(tmp_path / name, ('.jpg', '.png'))


def test_check_file_leaves_nothing(tmp_path):
    check_file(tmp_path / 'a.txt')
    check_file(tmp_path / 'new' / 'folder' / 'a.txt')
    check_folder(tmp_path / 'new' / 'folder', [])
    assert names(tmp_path) == []


def test_folder_is_replaced_whole(tmp_path):
    folder = tmp_path / 'report'
    folder.mkdir()
    (folder / 'old.png').write_text('old')
    with replace_folder(folder, ['*.png', 'page.html']) as draft:
        (draft / 'page.html').write_text('new')
        assert names(folder) == ['old.png']
    assert names(folder) == ['page.html']
    assert names(tmp_path) == ['report']


@pytest.mark.parametrize('error', [ValueError, KeyboardInterrupt])
def test_old_folder_survives_any_error(tmp_path, error):
    folder = tmp_path / 'report'
    folder.mkdir()
    (folder / 'old.png').write_text('old')
    with pytest.raises(error), replace_folder(folder, ['*']) as draft:
        (draft / 'new.png').write_text('new')
        raise error
    assert (folder / 'old.png').read_text() == 'old'
    assert names(folder) == ['old.png'] and names(tmp_path) == ['report']


def test_folders_are_exchanged_in_one_step(tmp_path, monkeypatch):
    """Where the system can; a kill between two renames would leave none."""
    if not files._exchange(tmp_path, tmp_path):
        pytest.skip('the system cannot exchange folders')
    monkeypatch.setattr(files.os, 'rename', None)
    folder = tmp_path / 'report'
    folder.mkdir()
    (folder / 'old.png').write_text('old')
    with replace_folder(folder, ['*']) as draft:
        (draft / 'new.png').write_text('new')
    assert names(folder) == ['new.png'] and names(tmp_path) == ['report']


def test_old_folder_comes_back_when_the_exchange_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(files, '_exchange', lambda first, second: False)
    folder = tmp_path / 'report'
    folder.mkdir()
    (folder / 'old.png').write_text('old')
    rename, calls = os.rename, []

    def second_fails(source, target):
        calls.append(target)
        if len(calls) == 2:
            raise OSError(errno.EIO, 'broken disk')
        rename(source, target)

    monkeypatch.setattr(files.os, 'rename', second_fails)
    with pytest.raises(OSError, match='report'), replace_folder(folder, ['*']) as draft:
        (draft / 'new.png').write_text('new')
    assert names(folder) == ['old.png'] and names(tmp_path) == ['report']


@pytest.mark.parametrize('when', ['before', 'meanwhile'])
def test_a_folder_with_other_work_in_it_is_not_replaced(tmp_path, when):
    folder = tmp_path / 'work'
    folder.mkdir()
    if when == 'before':
        (folder / 'epoch_1.pth').write_text('weights')
        with pytest.raises(ValueError, match="'epoch_1.pth', which would be lost"):
            check_folder(folder, ['*.png'])
    with pytest.raises(ValueError, match="'epoch_1.pth', which would be lost"), \
            replace_folder(folder, ['*.png']) as draft:
        (draft / 'a.png').write_text('x')
        (folder / 'epoch_1.pth').write_text('weights')
    assert names(folder) == ['epoch_1.pth'] and names(tmp_path) == ['work']


KILLED = """
import os, signal, sys
from mmwing.files import replace_file, replace_folder
if sys.argv[1] == 'file':
    with replace_file(sys.argv[2]) as draft:
        draft.write_text('half')
        os.kill(os.getpid(), signal.SIGKILL)
with replace_folder(sys.argv[2], ['*']) as draft:
    (draft / 'half').write_text('half')
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize('kind', ['file', 'folder'])
def test_drafts_of_killed_processes_are_removed(tmp_path, kind):
    path = tmp_path / 'a'
    (tmp_path / 'killed.py').write_text(KILLED)
    done = run_program(tmp_path / 'killed.py', kind, path, cwd=tmp_path)
    assert done.returncode == -signal.SIGKILL, done.stderr
    (tmp_path / 'killed.py').unlink()
    assert len(names(tmp_path)) == 1 and not path.exists()
    # That of a living writer, and of another file, stay.
    with replace_file(path) as living, replace_file(tmp_path / 'other') as other:
        living.write_text('x')
        other.write_text('x')
        check_file(path)
        assert names(tmp_path) == sorted([living.name, other.name])
    assert names(tmp_path) == ['a', 'other']


def test_all_drafts_of_killed_processes_in_a_folder_are_removed(tmp_path):
    (tmp_path / 'killed.py').write_text(KILLED)
    for kind, name in (('file', 'a.pth'), ('folder', 'b-c')):
        run_program(tmp_path / 'killed.py', kind, tmp_path / name, cwd=tmp_path)
    (tmp_path / 'killed.py').unlink()
    (tmp_path / '.draft').touch()  # no draft of ours
    assert len(names(tmp_path)) == 3
    with replace_file(tmp_path / 'living') as living:
        living.write_text('x')
        remove_drafts(tmp_path)
        assert names(tmp_path) == sorted(['.draft', living.name])


def test_drafts_of_other_machines_are_removed_after_a_day(tmp_path, monkeypatch):
    monkeypatch.setattr(files.platform, 'node', lambda: 'elsewhere')
    with replace_file(tmp_path / 'a') as draft:
        draft.write_text('x')
        monkeypatch.setattr(files.platform, 'node', lambda: 'here')
        check_file(tmp_path / 'a')
        assert draft.exists()
        then = time.time() - 2 * 24 * 3600
        os.utime(draft, (then, then))
        check_file(tmp_path / 'a')
        assert not draft.exists()
        draft.write_text('x')


def test_long_names(tmp_path):
    path = tmp_path / ('é' * 120 + '.json')  # 245 of 255 bytes
    write_json(path, 1)
    assert path.read_text() == '1'


@pytest.mark.parametrize('name', [
    '../a', 'b/../../a', '.', '..', '', ' ', '/etc/passwd', None, 3, 'a\0b', '\ud800'])
def test_names_that_lead_out_of_a_folder(tmp_path, name):
    with pytest.raises(ValueError, match='outside the folder|name'):
        path_below(tmp_path / 'root', name)


def test_names_below_a_folder(tmp_path):
    root = tmp_path / 'root'
    assert path_below(root, 'a/../b//c') == root / 'b/c'
    assert path_below(root, str(root / 'b')) == root / 'b'
    (root / 'in').mkdir(parents=True)
    (root / 'out').symlink_to(tmp_path)
    (root / 'file').symlink_to(tmp_path / 'x')
    for name in ('in/x', 'out/x', 'file', 'new/x'):
        assert path_below(root, name) == root / name
        if name != 'out/x':
            assert path_below(root, name, follow_links=False) == root / name
    with pytest.raises(ValueError, match="a link leads 'out/x' outside the folder"):
        path_below(root, 'out/x', follow_links=False)


@pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='no pipes here')
def test_pipes_and_devices_are_not_read(tmp_path):
    os.mkfifo(tmp_path / 'a.json')
    for path in (tmp_path / 'a.json', '/dev/zero'):
        for read in (read_bytes, read_text, read_json, check_regular_file):
            with pytest.raises(ValueError, match=f'{path} is a pipe, device or socket'):
                read(path)


@pytest.mark.parametrize(('name', 'expected'), [
    ('Gesicht ä 顔.png', 'Gesicht ä 顔.png'),
    (os.fsdecode(b'a\xff.png'), r'a\udcff.png'),
    ('a\n\x1b[31mb\u2028.png', r'a\n\x1b[31mb\u2028.png')])
def test_names_are_shown_on_one_line(name, expected):
    assert printable(name) == expected
