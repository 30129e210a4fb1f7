"""A full disk, a folder without permission: one line, and all files as they were."""

import os
import resource
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

import mmwing
from mmwing.comparison import Result, write_results
from mmwing.datasets.converters import prepare
from mmwing.evaluation import EvaluatedFaces, Provenance, RunRecord, write_record
from mmwing.evaluation.report import write_report
from mmwing.models.mean_shape import save_mean_shape
from mmwing.visualization.ced import draw_ced
from mmwing.visualization.tile import save_picture

CONFIG = 'td-reg_cnn6_wing_1xb64-24e_synthetic-64x64'
RECORD = RunRecord(['a', 'b'], {'inter_ocular': np.array([0.1, 0.2])}, (0.1,),
                   Provenance('a config', seed=0))


def report(folder: Path) -> None:
    true = np.random.default_rng(0).uniform(0, 100, (4, 68, 2))
    write_report(EvaluatedFaces(
        true + 1, true, np.ones((4, 68), bool), np.tile([0., 0., 99., 99.], (4, 1)),
        list('abcd'), [''] * 4), folder / 'report')


def conversion(folder: Path) -> None:
    prepare('300w', folder.parent / 'raw', folder / 'out', jobs=1)


def config(folder: Path) -> None:
    mmwing.swap_loss(mmwing.load_config(CONFIG), 'L1Loss').write(folder / 'config.py')


WRITERS = {
    'report': report, 'conversion': conversion, 'config': config,
    'record': lambda folder: write_record(RECORD, folder / 'run.json'),
    'study': lambda folder: write_results(
        [Result('final', 'WingLoss', RECORD, '0' * 12)], folder / 'study.jsonl'),
    'mean shape': lambda folder: save_mean_shape(np.full((68, 2), 0.5),
                                                 folder / 'shape.npy'),
    'figure': lambda folder: draw_ced({'a': np.array([0.1, 0.2])}, folder / 'ced.png',
                                      0.1, 'inter_ocular'),
    'picture': lambda folder: save_picture(folder / 'sheet.png',
                                           np.zeros((64, 64, 3), np.uint8))}


@pytest.fixture
def folder(monkeypatch):
    """A folder that everybody may enter, with something to convert beside it."""
    converters = Path(__file__).resolve().parents[1] / 'datasets' / 'converters'
    monkeypatch.syspath_prepend(str(converters))
    from miniature import make_300w
    root = Path(tempfile.mkdtemp())
    make_300w(root / 'raw')
    (root / 'results').mkdir()
    root.chmod(0o755)
    yield root / 'results'
    shutil.rmtree(root)


def contents(folder: Path) -> dict:
    return {str(path.relative_to(folder)): path.is_file() and path.read_bytes()
            for path in folder.rglob('*')}


def error_of(write, folder: Path, trouble: str) -> str:
    """The message of a writer's error in a process that has some trouble."""
    reading, writing = os.pipe()
    'a'.encode('utf-8-sig')  # loaded late, from where others than root may not read
    child = os.fork()
    if child == 0:
        try:
            if trouble == 'full disk':
                resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))
            elif os.geteuid() == 0:  # to whom everything is permitted
                os.seteuid(65534)
            write(folder)
        except (OSError, ValueError) as error:  # what tools word as one line
            os.write(writing, str(error).encode())
        except BaseException as error:
            os.write(writing, f'{type(error)}\n{error}'.encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return text


@pytest.mark.skipif(sys.platform == 'win32', reason='needs POSIX')
@pytest.mark.parametrize('trouble', ['full disk', 'no permission'])
@pytest.mark.parametrize('old', [False, True], ids=['first', 'again'])
@pytest.mark.parametrize('name', WRITERS)
def test_trouble_leaves_all_files_as_they_were(name, old, trouble, folder):
    if old:
        WRITERS[name](folder)
    if trouble == 'no permission':
        for path in (folder, *(path for path in folder.rglob('*') if path.is_dir())):
            path.chmod(0o555)
    before = contents(folder)
    assert bool(before) == old
    message = error_of(WRITERS[name], folder, trouble)
    # A config is first copied among the temporary files.
    named = (tempfile.gettempdir() if (name, trouble) == ('config', 'full disk')
             else str(folder))
    assert message and '\n' not in message and named in message, message
    assert '.draft' not in message
    expected = 'File too large' if trouble == 'full disk' else 'Permission denied'
    assert expected in message
    left = contents(folder)
    if not old:  # the folders of a conversion that has begun may stay
        left = {path: content for path, content in left.items() if content is not False}
    assert left == before
