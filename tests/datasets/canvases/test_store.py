"""Canvases are made once, never wrong, and what goes wrong has one clear message."""

import errno
import os
import pickle
import shutil
import zlib
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmwing.datasets.canvases import CanvasStore, painted, painter_digest, store
from mmwing.files import read_json, write_json
from mmwing.images import ImageError
from mmwing.locks import LockedError

BOXES = np.array([[20., 30, 70, 80], [30, 20, 60, 70], [10, 10, 90, 90]])


@pytest.fixture
def photos(tmp_path):
    rng = np.random.default_rng(0)
    paths = []
    for index in range(3):
        small = rng.integers(0, 256, (13, 12, 3), np.uint8)
        paths.append(str(tmp_path / f'{index}.jpg'))
        cv2.imwrite(paths[-1], cv2.resize(small, (120, 130)))
    return paths


@pytest.fixture
def make(photos, tmp_path):
    def make_store(**changes):
        return CanvasStore(**{**dict(
            paths=photos, boxes=BOXES, size=32, context=1.5,
            folder=tmp_path / 'cache', show_progress=False), **changes})
    return make_store


@pytest.fixture
def no_photo(monkeypatch):
    """Fail where a photo is read."""
    def refuse(path, **kwargs):
        raise AssertionError(f'{path} is read')
    return lambda: monkeypatch.setattr(store, 'read_photo', refuse)


def pixels(canvases):
    return np.stack([canvases.read(index)[0] for index in range(len(canvases))])


def test_made_once_and_the_same_as_cut_anew(make, no_photo):
    anew = pixels(make(folder=None))
    first = make()
    np.testing.assert_array_equal(pixels(first), anew)
    no_photo()
    again = make()
    np.testing.assert_array_equal(pixels(again), anew)
    assert again.file == first.file and again.read(1)[1] == (130, 120)
    assert len(list(first.folder.glob('*.npy'))) == 1
    with pytest.raises(ValueError, match='read-only'):
        again.read(0)[0][0] = 0


def test_another_process_reads_the_same_file(make, no_photo):
    made = make()
    content = pickle.dumps(made)
    assert len(content) < 10_000  # the pixels stay in the file
    no_photo()
    np.testing.assert_array_equal(pixels(pickle.loads(content)), pixels(made))


@pytest.mark.parametrize('change', [
    'size', 'context', 'box', 'time', 'bytes', 'order', 'version'])
def test_made_anew_when_something_changes(change, make, photos, monkeypatch):
    before = make().file
    changes = {}
    if change == 'size':
        changes = dict(size=33)
    elif change == 'context':
        changes = dict(context=1.6)
    elif change == 'box':
        changes = dict(boxes=BOXES + [[0, 0, 1, 0]])
    elif change == 'order':
        changes = dict(paths=photos[::-1])
    elif change == 'time':
        os.utime(photos[1], (1, 1))
    elif change == 'bytes':
        when = os.stat(photos[1]).st_mtime_ns
        with open(photos[1], 'ab') as file:
            file.write(b'\0')
        os.utime(photos[1], ns=(when, when))
    else:
        monkeypatch.setattr(store, 'VERSION', store.VERSION + 1)
    changed = make(**changes)
    assert changed.file != before
    np.testing.assert_array_equal(pixels(changed),
                                  pixels(make(**changes, folder=None)))


def test_painted_faces_are_those_of_the_painter(make, monkeypatch):
    """Another painter's pictures have the same addresses."""
    paths = [f'painted://64/seed0/{index:06d}.png' for index in range(3)]
    before = make(paths=paths).file
    assert make(paths=paths).file == before
    monkeypatch.setattr(store, 'painter_digest', lambda: 'another')
    assert make(paths=paths).file != before


@pytest.mark.parametrize('source', ['datasets/face/painter/eyes.py', 'mean_head.py',
                                    'datasets/face/face_model/camera.py'])
def test_the_painter_is_all_that_paints(source, tmp_path, monkeypatch):
    for folder in ('datasets/face/painter', 'datasets/face/face_model'):
        shutil.copytree(painted.PACKAGE / folder, tmp_path / folder,
                        ignore=shutil.ignore_patterns('__pycache__'))
    shutil.copy(painted.PACKAGE / 'mean_head.py', tmp_path)
    before = painter_digest()
    monkeypatch.setattr(painted, 'PACKAGE', tmp_path)
    assert painter_digest.__wrapped__() == before  # wherever it is installed
    (tmp_path / source).write_text('# nothing\n')
    assert painter_digest.__wrapped__() != before


@pytest.mark.parametrize('damage', ['cut', 'header', 'no json', 'bad json', 'other'])
def test_a_damaged_file_is_made_anew(damage, make):
    first = make()
    expected, sidecar = pixels(first), first.file.with_suffix('.json')
    if damage == 'cut':
        os.truncate(first.file, first.file.stat().st_size - 1)
    elif damage == 'header':
        first.file.write_bytes(b'nonsense' + first.file.read_bytes()[8:])
    elif damage == 'no json':
        sidecar.unlink()
    elif damage == 'bad json':
        sidecar.write_text(sidecar.read_text()[:-9])
    else:  # of another data set, under this name
        black = np.zeros(first.shape, np.uint8)
        np.save(first.file, black)
        write_json(sidecar, {**read_json(sidecar), 'key': '0' * 64,
                             'crc32': [zlib.crc32(canvas) for canvas in black]})
    np.testing.assert_array_equal(pixels(make()), expected)
    make(paths=first.paths)  # and is whole again


def test_a_flipped_bit_is_never_used(make):
    made = make()
    expected = pixels(made)
    content = bytearray(made.file.read_bytes())
    content[-100] ^= 4
    made.file.write_bytes(content)
    np.testing.assert_array_equal(pixels(make()), expected)


def test_a_full_disk_leaves_nothing(make, monkeypatch, tmp_path):
    old = make(size=16)

    class Full:
        """A file on a disk with room for one canvas."""

        def __init__(self, file):
            self.file, self.left = file, 5000

        def __enter__(self):
            return self

        def __exit__(self, *error):
            self.file.close()

        def write(self, data):
            self.left -= memoryview(data).nbytes
            if self.left < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self.file.write(data)

    opened = Path.open
    monkeypatch.setattr(Path, 'open', lambda path, mode='r', **kwargs: Full(
        opened(path, mode)) if mode == 'wb' else opened(path, mode, **kwargs))
    with pytest.raises(OSError, match='No space left.*3 faces.*cache_dir'):
        make()
    kept = {path.name for path in (tmp_path / 'cache').iterdir()}
    assert kept == {old.file.name, old.file.with_suffix('.json').name}


def test_too_little_space_is_said_before(make, monkeypatch):
    monkeypatch.setattr(store.shutil, 'disk_usage',
                        lambda folder: type('', (), {'free': 100}))
    with pytest.raises(OSError, match=r'take .* GB, but .* has 1e-07 GB left'):
        make()


def test_larger_than_the_limit(make):
    with pytest.raises(ValueError, match=r'9\.22e-06 GB, more than max_gigabytes='):
        make(max_gigabytes=1e-6)


def test_the_least_recently_used_files_go(make, tmp_path):
    first, second = make(), make(context=1.6)
    for age, made in ((200, second), (100, first)):
        os.utime(made.file.with_suffix('.json'), (age, age))
    (tmp_path / 'cache' / 'mine.npy').write_bytes(bytes(100_000))
    third = make(context=1.7, max_gigabytes=2.5 * 9344 / 1e9)
    kept = {path.name for path in (tmp_path / 'cache').glob('*.npy')}
    assert kept == {second.file.name, third.file.name, 'mine.npy'}


@pytest.mark.parametrize('kind', ['missing', 'cut', 'remote'])
def test_a_bad_photo_is_named_before_training(kind, make, photos):
    paths = list(photos)
    error, message = ImageError, r'1\.jpg cannot be decoded: it is truncated'
    if kind == 'missing':
        os.unlink(photos[1])
        error, message = FileNotFoundError, r'1\.jpg. does not exist'
    elif kind == 'cut':
        os.truncate(photos[1], 900)
    else:
        paths[1] = 's3://bucket/1.jpg'
        error, message = ValueError, 'image files, got .s3://'
    with pytest.raises(error, match=message):
        make(paths=paths)


def test_a_prepared_folder_is_only_read(make, tmp_path, no_photo):
    made = make(folder=tmp_path / 'root' / 'canvases')
    no_photo()
    found = make(prepared=[tmp_path / 'root' / 'canvases'])
    assert found.file == made.file
    assert not (tmp_path / 'cache').exists()


def test_a_folder_that_cannot_be_written(make, monkeypatch):
    def refuse(path, waiting):
        raise PermissionError(errno.EACCES, 'Permission denied', str(path))
    monkeypatch.setattr(store, 'lock_file', refuse)
    with pytest.raises(PermissionError, match='Permission denied: canvases cannot be '
                       'kept there; .*cache_dir'):
        make()


def test_what_another_process_made_meanwhile_is_used(make, monkeypatch, no_photo):
    @contextmanager
    def wait(path, waiting):
        """Get the lock of a process that has made the file by now."""
        monkeypatch.undo()
        waiting(LockedError('in use by process 7'))
        expected.append(pixels(make()))
        no_photo()
        yield

    expected = []
    monkeypatch.setattr(store, 'lock_file', wait)
    np.testing.assert_array_equal(pixels(make()), expected[0])


@pytest.mark.parametrize(('change', 'message'), [
    (dict(size=0), 'size must be'), (dict(context=0.5), 'context must be'),
    (dict(max_gigabytes=0), 'max_gigabytes must be')])
def test_bad_arguments(change, message, make):
    with pytest.raises(ValueError, match=message):
        make(**change)
