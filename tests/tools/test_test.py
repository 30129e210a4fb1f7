"""tools/test.py on painted faces: reports, other boxes, bad input."""

import csv
import json
import runpy
import sys
from pathlib import Path

import mmcv
import mmengine
import pytest
from mmengine.registry import DefaultScope
from mmengine.runner import save_checkpoint

import mmwing
from mmwing.config import load_config
from mmwing.datasets.face import SyntheticFaceDataset
from mmwing.engine.mean_shape import compute_mean_shape
from mmwing.evaluation import read_record
from mmwing.registry import DATASETS, MODELS

CONFIG = 'td-reg_cnn6_wing_1xb64-24e_synthetic-64x64'
NUM_FACES = 6
OPTIONS = {'test_dataloader.dataset.num_samples': NUM_FACES,
           'test_dataloader.num_workers': 0,
           'test_dataloader.persistent_workers': False,
           'model.backbone.widen_factor': 0.125, 'model.head.in_channels': 256,
           'model.head.hidden_channels': 16}


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory):
    """A model that has learnt nothing: the mean face, more or less."""
    cfg = load_config(CONFIG, OPTIONS)
    with DefaultScope.overwrite_default_scope('mmpose'):
        model = MODELS.build(cfg.model)
        trained_on = DATASETS.build({**cfg.train_dataloader.dataset,
                                     'num_samples': NUM_FACES})
    model.head.set_mean_shape(compute_mean_shape(trained_on))
    path = tmp_path_factory.mktemp('model') / 'model.pth'
    save_checkpoint({'state_dict': model.state_dict(), 'meta': {}}, str(path))
    return path


@pytest.fixture
def run(checkpoint, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(*arguments, **more):
        options = {**OPTIONS, **more}
        monkeypatch.setattr(sys, 'argv', [
            'test.py', CONFIG, str(checkpoint), '--work-dir', 'work',
            *map(str, arguments), '--cfg-options',
            *(f'{key}={value}' for key, value in options.items())])
        runpy.run_path(mmwing.tool_path('test.py'), run_name='__main__')
    return call


def faces():
    cfg = load_config(CONFIG, OPTIONS).test_dataloader.dataset
    return SyntheticFaceDataset(num_samples=NUM_FACES, seed=cfg.seed,
                                bbox_scale=cfg.bbox_scale)


def write_boxes(path, count=NUM_FACES, grow=0.0):
    """The data set's own boxes as detections, larger by a share of their side."""
    detections = []
    for info in list(map(faces().get_data_info, range(NUM_FACES)))[:count]:
        x0, y0, x1, y1 = map(float, info['bbox'][0])
        margin = grow * (x1 - x0) / 2
        detections.append({'image_id': info['img_id'], 'score': 1.0, 'bbox': [
            x0 - margin, y0 - margin, x1 - x0 + 2 * margin, y1 - y0 + 2 * margin]})
    path.write_text(json.dumps(detections))
    return path


def test_curve_of_disturbed_boxes_begins_at_the_test_itself(run, tmp_path):
    run('--report', 'report', '--box-jitter', 0.3, 0.1, '--out', 'out.json')
    with (tmp_path / 'report/box_jitter.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row['box_error']) for row in rows] == [0, 0.1, 0.3]
    errors = [float(row['NME']) for row in rows]
    assert errors[0] == mmengine.load('out.json')['NME']
    assert errors[0] < errors[1] < errors[2]
    # The report is that of the undisturbed test.
    assert read_record('report').figures['NME'] == pytest.approx(errors[0])
    assert (tmp_path / 'report/box_jitter.png').stat().st_size > 0


def differing_pixels(path):
    """Pixels that drawing has changed in the picture of a painted face."""
    number = path.name[:6]
    [info] = [info for info in map(faces().get_data_info, range(NUM_FACES))
              if info['img_path'].endswith(f'{number}.png')]
    return (mmcv.imread(path) != info['img']).any(-1).sum()


def test_predictions_are_drawn_into_painted_faces(run, tmp_path):
    run('--show-dir', tmp_path / 'drawn')
    pictures = sorted((tmp_path / 'drawn').iterdir())
    assert [path.name for path in pictures] == [
        f'{number:06d}_0.png' for number in range(NUM_FACES)]
    assert min(map(differing_pixels, pictures)) > 300  # 68 points of radius 3


def test_bad_cases_are_drawn(run, tmp_path):
    run('--badcase', **{'default_hooks.badcase.badcase_thr': 0})
    pictures = sorted((tmp_path / 'work').rglob('badcase/*.png'))
    assert len(pictures) == NUM_FACES
    assert min(map(differing_pixels, pictures)) > 300


def test_boxes_from_a_file(run, tmp_path):
    run('--out', 'own.json')
    run('--out', 'same.json', '--bbox-file', write_boxes(tmp_path / 'same_boxes.json'))
    run('--out', 'large.json', '--bbox-file',
        write_boxes(tmp_path / 'large_boxes.json', grow=0.5))
    own, same, large = (mmengine.load(f'{name}.json')['NME']
                        for name in ('own', 'same', 'large'))
    assert same == pytest.approx(own, rel=1e-4)
    assert large > 1.2 * own


def test_the_boxes_of_a_file_do_not_normalise(run, tmp_path):
    """With boxes three times as large, errors by them would be three times less."""
    boxes = write_boxes(tmp_path / 'boxes.json', grow=2)
    for name in ('box_longer_side', 'inter_ocular'):
        run('--out', f'{name}.json', '--bbox-file', boxes,
            **{'test_evaluator.normalizer': name})
    own = faces()
    ratio = mmengine.load('box_longer_side.json')['NME'] / mmengine.load(
        'inter_ocular.json')['NME']
    info = own.get_data_info(0)
    eyes = abs(info['keypoints'][0, 36, 0] - info['keypoints'][0, 45, 0])
    box = info['bbox'][0, 2] - info['bbox'][0, 0]
    assert ratio == pytest.approx(eyes / box, rel=0.3)


def test_faces_without_a_detection(run, tmp_path):
    boxes = write_boxes(tmp_path / 'boxes.json', count=4)
    with pytest.raises(SystemExit, match='no box for 2 of 6 faces.*--bbox-missing'):
        run('--bbox-file', boxes)
    run('--bbox-file', boxes, '--bbox-missing', 'keep', '--out', 'out.json')
    assert mmengine.load('out.json')['num_faces'] == NUM_FACES


@pytest.mark.parametrize(('arguments', 'message'), [
    (['--box-jitter', '0.1'], '--box-jitter goes with --report'),
    (['--overlay', 'other'], '--overlay goes with --report'),
    (['--by-pose', '0.5'], '--by-pose goes with --report'),
    (['--report', 'r', '--box-jitter', '5'], 'fractions of the box from 0 to 1'),
    (['--report', 'r', '--box-jitter', '--dump', 'x.pkl'], 'tests several times'),
])
def test_options_that_do_not_go_together(run, capsys, arguments, message):
    with pytest.raises(SystemExit):
        run(*arguments)
    assert message in capsys.readouterr().err


def test_file_without_boxes(run, tmp_path):
    (tmp_path / 'boxes.json').write_text('{"images": []}')
    with pytest.raises(SystemExit, match='list of COCO detections'):
        run('--bbox-file', tmp_path / 'boxes.json')
    with pytest.raises(SystemExit, match=r'error: .*nowhere.json'):
        run('--bbox-file', tmp_path / 'nowhere.json')


def test_an_overlay_that_is_no_report_stops_before_the_test(run, monkeypatch):
    def test(runner):
        raise AssertionError('the test ran')

    monkeypatch.setattr('mmengine.runner.Runner.test', test)
    with pytest.raises(SystemExit, match='nowhere does not exist'):
        run('--report', 'report', '--overlay', 'nowhere')


@pytest.mark.parametrize('out', ['m.txt', 'm', ''])
def test_a_format_that_is_not_written_stops_before_the_test(run, monkeypatch, out):
    monkeypatch.setattr('mmengine.runner.Runner.test', None)
    with pytest.raises(SystemExit, match=rf"--out must name .*\.json.* got '{out}'"):
        run('--out', out)


def test_figures_by_pose(run, monkeypatch):
    run('--report', 'report', '--by-pose', 0.5)
    record = read_record('report')
    halves = ['0 to 50 % by yaw', '50 to 100 % by yaw']
    assert sorted(record.subsets) == halves
    assert [record.figures[f'{half}/num_faces'] for half in halves] == [3, 3]
    little, much = (record.figures[f'{half}/NME'] for half in halves)
    assert little != much
    assert (little + much) / 2 == pytest.approx(record.figures['NME'])
    page = (Path('report') / 'report.html').read_text()
    assert all(half in page for half in halves)
    monkeypatch.setattr('mmengine.runner.Runner.test', None)  # refused before
    with pytest.raises(SystemExit, match='shares must rise between 0 and 1'):
        run('--report', 'report', '--by-pose', 2)


def test_another_look(run):
    """The model has learnt nothing: where it looks again, it errs otherwise."""
    for looks in (1, 2):
        run('--looks', looks, '--out', f'{looks}.json')
    run('--out', 'none.json')
    once, twice, none = (mmengine.load(f'{name}.json')['NME']
                         for name in (1, 2, 'none'))
    assert once == none != twice
    with pytest.raises(SystemExit, match='looks must be a whole number of at least 1'):
        run('--looks', 0)
