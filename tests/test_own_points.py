"""A user's own points, as docs/your_own_points.md has it: files, check, train, test."""

import csv
import json
import re
import runpy
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import mmwing
from mmwing.datasets.face import FaceLandmarkDataset, SyntheticFaceDataset

CONFIG = 'td-reg_cnn6_wing_1xb16-20e_own-points-64x64'
PAGE = Path(mmwing.__file__).parents[1] / 'docs/your_own_points.md'
#: The seven points among the 68: corners of the eyes, nose, corners of the mouth.
OF_68 = [36, 39, 42, 45, 30, 48, 54]
NUM_FACES = {'train': 12, 'val': 6}
SMALL = {'model.backbone.widen_factor': 0.125, 'model.head.in_channels': 256,
         'model.head.hidden_channels': 16, 'train_cfg.max_epochs': 1,
         'train_cfg.val_interval': 1}


def faces(split):
    """Pictures and seven points each of painted faces."""
    painted = SyntheticFaceDataset(num_samples=NUM_FACES[split], bbox_scale=1.0,
                                   seed=list(NUM_FACES).index(split), image_size=96)
    for index in range(NUM_FACES[split]):
        info = painted.get_data_info(index)
        yield f'{split}_{index}.png', info['img'], info['keypoints'][0, OF_68]


def write_json(root, split):
    images, annotations = [], []
    for index, (name, _, points) in enumerate(faces(split)):
        images.append(dict(id=index, file_name=name))
        annotations.append(dict(id=index, image_id=index, category_id=1, keypoints=[
            *np.column_stack([points, np.full(7, 2)]).ravel().tolist()]))
    (root / f'{split}.json').write_text(
        json.dumps(dict(images=images, annotations=annotations)))
    return f'{split}.json'


def write_csv(root, split):
    with (root / f'{split}.csv').open('w', newline='') as file:
        writer = csv.writer(file)
        writer.writerow(['image', *(f'{axis}{k}' for k in range(7) for axis in 'xy')])
        writer.writerows([name, *points.ravel().tolist()]
                         for name, _, points in faces(split))
    return f'{split}.csv'


def write_pts(root, split):
    (root / split).mkdir()
    for name, image, points in faces(split):
        cv2.imwrite(str(root / split / name), image)
        rows = '\n'.join(f'{x} {y}' for x, y in points + 1)
        (root / split / name).with_suffix('.pts').write_text(
            f'version: 1\nn_points: 7\n{{\n{rows}\n}}\n')
    return f'{split}/'


WRITERS = {'json': write_json, 'csv': write_csv, 'pts': write_pts}


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A folder with images and the points file of the page."""
    (tmp_path / 'images').mkdir()
    for split in NUM_FACES:
        for name, image, _ in faces(split):
            cv2.imwrite(str(tmp_path / 'images' / name), image)
    block = re.search('```yaml\n(.*?)```', PAGE.read_text(encoding='utf-8'), re.S)
    (tmp_path / 'points.yaml').write_text(block[1])
    monkeypatch.setenv('MMWING_OWN_POINTS', f'{tmp_path}/')
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(monkeypatch):
    def call(tool, *arguments):
        monkeypatch.setattr(sys, 'argv', [tool, *map(str, arguments)])
        try:
            runpy.run_path(mmwing.tool_path(tool), run_name='__main__')
        except SystemExit as end:
            return end.code
        return 0
    return call


@pytest.mark.parametrize('form', ['json', 'pts', 'csv'])
@pytest.mark.filterwarnings('ignore')
def test_from_files_to_a_report(form, root, run, capsys):
    files = {split: WRITERS[form](root, split) for split in NUM_FACES}

    status = run('check_dataset.py', *files.values(), '--images', 'images', '--points',
                 'points.yaml', '--out', 'sheet.png')
    assert status == 0, capsys.readouterr()
    assert '18 faces in 18 images, 7 points' in capsys.readouterr().out
    assert cv2.imread('sheet.png') is not None

    options = dict(SMALL)
    for split, file in (*files.items(), ('test', files['val'])):
        options[f'{split}_dataloader.dataset.ann_file'] = file
        options[f'{split}_dataloader.num_workers'] = 0
        options[f'{split}_dataloader.persistent_workers'] = False
    options = ['--cfg-options', *(f'{key}={value}' for key, value in options.items())]
    assert run('train.py', CONFIG, '--work-dir', 'work', *options) == 0
    assert run('test.py', CONFIG, 'work', '--work-dir', 'work/test', '--report',
               'report', '--out', 'out.json', *options) == 0
    figures = json.loads((root / 'out.json').read_text())
    assert 0 < figures['NME'] < 1 and figures['num_faces'] == NUM_FACES['val']
    assert (root / 'report/report.html').stat().st_size > 0


@pytest.mark.parametrize('form', ['csv', 'pts'])
def test_the_forms_say_the_same(form, root):
    def read(kind):
        file = WRITERS[kind](root, 'val')
        return FaceLandmarkDataset(
            ann_file=file, data_root=str(root), data_prefix=dict(img='images/'),
            metainfo=dict(from_file='points.yaml'))

    one, other = read('json'), read(form)
    assert len(one) == len(other) == NUM_FACES['val']
    for first, second in zip(one, other, strict=True):
        np.testing.assert_allclose(first['keypoints'], second['keypoints'], atol=1e-3)
        np.testing.assert_allclose(first['bbox'], second['bbox'], atol=1e-3)
    assert one.metainfo['flip_indices'] == [3, 2, 1, 0, 4, 6, 5]


def test_another_number_of_points_is_named(root, run):
    write_json(root, 'train')
    (root / 'points.yaml').write_text('num_points: 5\nflip_pairs: []\n')
    with pytest.raises(ValueError, match='has 7 points, but the data set .* has 5'):
        FaceLandmarkDataset(ann_file='train.json', data_root=str(root),
                            metainfo=dict(from_file='points.yaml'))
    assert run('check_dataset.py', 'train.json', '--images', 'images', '--points',
               'points.yaml') == 1
