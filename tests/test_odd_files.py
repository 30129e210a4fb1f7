"""What is no file, or a damaged one, is named in one line by whatever reads it."""

import json
import os
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest

from mmwing import BoxFromFile, load_config
from mmwing.comparison.results import read_results
from mmwing.config.checkpoint import find_checkpoint
from mmwing.config.swap import swap_loss
from mmwing.datasets.converters.prepare import prepare
from mmwing.datasets.formats import read_landmarks, read_points_file
from mmwing.datasets.formats.archive import RawArchive
from mmwing.datasets.formats.coco_json import check_annotation_file
from mmwing.datasets.formats.problems import ArchiveError
from mmwing.evaluation.run_file import read_nme, read_record
from mmwing.inference.box_file import BoxFile
from mmwing.inference.inputs import find_inputs
from mmwing.models.mean_shape import load_mean_shape
from mmwing.stack import load_checkpoint_file

CONFIG = 'td-reg_cnn6_wing_1xb64-24e_synthetic-64x64'


@pytest.fixture
def make_pipe():
    """Pipes whose writer closes them at once: who opens one reads nothing.

    Without a writer, a reader that this test is about would wait for ever.
    """
    if not hasattr(os, 'mkfifo'):
        pytest.skip('no pipes here')
    made = []
    done = Event()

    def write_nothing(path):
        while not done.is_set():
            os.close(os.open(path, os.O_WRONLY))

    def make(path):
        os.mkfifo(path)
        writer = Thread(target=write_nothing, args=(path,), daemon=True)
        writer.start()
        made.append((path, writer))
        return path

    yield make
    done.set()
    for path, writer in made:
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        writer.join()
        os.close(reader)


def read_mmpose_annotations(path):
    from mmpose.datasets import CocoDataset

    CocoDataset(ann_file=str(path), data_mode='topdown', pipeline=[])


def load_mmpose_image(path):
    from mmpose.datasets.transforms import LoadImage

    LoadImage()({'img_path': str(path)})


def write_swap(path):
    swap_loss(load_config(CONFIG), 'mmwing.L1Loss').write(path)


#: What reads files -> (suffix, how it is called).
READERS = {
    'config': ('.py', lambda path: load_config(str(path))),
    'config in JSON': ('.json', lambda path: load_config(str(path))),
    'config in YAML': ('.yaml', lambda path: load_config(str(path))),
    'checkpoint': ('.pth', lambda path: find_checkpoint(str(path))),
    'weights': ('.pth', lambda path: load_checkpoint_file(str(path))),
    'annotations': ('.json', read_landmarks),
    'table': ('.csv', read_landmarks),
    'check before a run': ('.json', check_annotation_file),
    "MMPose's annotations": ('.json', read_mmpose_annotations),
    "MMPose's image": ('.png', load_mmpose_image),
    'points file': ('.yaml', read_points_file),
    'points file in Python': ('.py', read_points_file),
    'boxes of a prediction': ('.csv', BoxFile),
    'boxes of a prediction in JSON': ('.json', BoxFile),
    'boxes of a test': ('.json', BoxFromFile),
    'mean shape': ('.json', lambda path: load_mean_shape(path, 5)),
    'record of a run': ('.json', read_record),
    'figure': ('.json', read_nme),
    'study': ('.jsonl', read_results),
    'output of a swap': ('.py', write_swap),
}


@pytest.mark.parametrize('reader', READERS)
def test_a_pipe_is_no_file(reader, tmp_path, make_pipe):
    suffix, read = READERS[reader]
    path = make_pipe(tmp_path / f'pipe{suffix}')
    with pytest.raises(Exception, match=rf'pipe\{suffix}') as caught:
        read(path)
    message = str(caught.value)
    assert '\n' not in message.strip()
    assert 'pipe, device or socket' in message


def test_a_pipe_among_the_checkpoints_of_a_run(tmp_path, make_pipe):
    make_pipe(tmp_path / 'epoch_1.pth')
    with pytest.raises(FileNotFoundError, match='no checkpoint'):
        find_checkpoint(str(tmp_path))


DEEP = '[' * 100_000 + ']' * 100_000 + '\n'


@pytest.mark.parametrize('reader', [
    'config in JSON', 'annotations', 'check before a run', 'points file',
    'boxes of a prediction in JSON', 'boxes of a test', 'mean shape', 'record of a run',
    'figure', 'study'])
def test_nested_a_hundred_thousand_deep(reader, tmp_path):
    suffix, read = READERS[reader]
    path = tmp_path / f'deep{suffix}'
    path.write_text(DEEP)
    with pytest.raises(ValueError, match=rf'deep\{suffix}') as caught:
        read(path)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(('reader', 'content'), [
    ('boxes of a prediction in JSON', {
        'images': [{'id': 1, 'file_name': 'a.png'}],
        'annotations': [{'image_id': 1, 'bbox': [1, 2, 3, 4]}]}),
    ('boxes of a test', [{'image_id': 1, 'bbox': [1, 2, 3, 4]}]),
    ('mean shape', [[0, 0], [1, 0], [0, 1], [1, 1], [2, 2]]),
    ('figure', {'NME': 0.05})])
def test_a_byte_order_mark_is_passed_over(reader, content, tmp_path):
    suffix, read = READERS[reader]
    path = tmp_path / f'a{suffix}'
    path.write_text(json.dumps(content), encoding='utf-8-sig')
    read(path)


@pytest.mark.parametrize('reader', ['table', 'boxes of a prediction'])
def test_a_cell_larger_than_the_limit(reader, tmp_path):
    path = tmp_path / 'large.csv'
    path.write_text('image,x0,y0,box_x,box_y,box_w,box_h\n'
                    + 'a' * 200_000 + '.png,1,2,1,2,3,4\n')
    with pytest.raises(ValueError, match=r'large\.csv.*field larger'):
        READERS[reader][1](path)


def test_a_damaged_array(tmp_path):
    path = tmp_path / 'a.npy'
    np.save(path, np.zeros((5, 2)))
    whole = path.read_bytes()
    for content in (b'', whole[:5], whole[:-9]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r'a\.npy: '):
            load_mean_shape(path, 5)


def forbid(monkeypatch, folder):
    """Make a folder unreadable, also to root, whom permissions do not stop."""
    scandir = os.scandir

    def refuse(path='.'):
        if Path(os.fspath(path)) == folder:
            raise PermissionError(13, 'Permission denied', str(path))
        return scandir(path)

    monkeypatch.setattr(os, 'scandir', refuse)


def test_a_folder_that_cannot_be_read_is_not_empty(tmp_path, monkeypatch):
    closed = tmp_path / 'photos/closed'
    closed.mkdir(parents=True)
    (tmp_path / 'photos/a.png').write_bytes(b'')
    forbid(monkeypatch, closed)
    message = r'closed cannot be read: Permission denied'
    found, problems = find_inputs([str(tmp_path / 'photos')])
    assert [each.name for each in found] == ['a']
    assert problems[0][0] == str(tmp_path / 'photos') and 'closed' in problems[0][1]
    with pytest.raises(ArchiveError, match=message):
        RawArchive(tmp_path / 'photos')
    with pytest.raises(ArchiveError, match=message):
        read_landmarks(tmp_path / 'photos')


@pytest.mark.parametrize('content', [
    b'\x89HDF\r\n\x1a\n', b'\x89HDF\r\n\x1a\n' + bytes(range(256)) * 20, b'text'])
def test_a_damaged_mat_file(content, tmp_path):
    pytest.importorskip('h5py')
    (tmp_path / 'raw').mkdir()
    (tmp_path / 'raw/COFW_train_color.mat').write_bytes(content)
    with pytest.raises(ArchiveError, match=r'COFW_train_color\.mat is no MATLAB v7\.3'):
        prepare('cofw', tmp_path / 'raw', tmp_path / 'out')


def test_mat_file_with_other_things_in_it(tmp_path):
    h5py = pytest.importorskip('h5py')
    (tmp_path / 'raw').mkdir()
    for content in ({'phisTr': np.zeros(3), 'bboxesTr': np.zeros((4, 2))},
                    {'phisTr': np.zeros((87, 2)), 'bboxesTr': np.zeros(())}):
        with h5py.File(tmp_path / 'raw/COFW_train_color.mat', 'w') as mat:
            for name, array in content.items():
                mat[name] = array
        with pytest.raises(ArchiveError, match=r'COFW_train_color\.mat.*(rows|MATLAB)'):
            prepare('cofw', tmp_path / 'raw', tmp_path / 'out')
    with h5py.File(tmp_path / 'raw/COFW_train_color.mat', 'w') as mat:
        mat.create_group('phisTr').create_group('x')
        mat['bboxesTr'] = np.zeros((4, 2))
    with pytest.raises(ArchiveError, match=r'COFW_train_color\.mat'):
        prepare('cofw', tmp_path / 'raw', tmp_path / 'out')
