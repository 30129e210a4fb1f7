import csv
import html
import json
import os
from dataclasses import replace

import cv2
import numpy as np
import pytest

from mmwing.csv_cells import name_in_cell
from mmwing.evaluation import Protocol, Provenance, RunRecord, read_record, summarize
from mmwing.evaluation.report import _selections, write_report

FILES = {'run.json', 'per_image.csv', 'ced.png', 'error_map.png', 'faces_best.jpg',
         'faces_median.jpg', 'faces_worst.jpg', 'report.html'}


def gray(path):
    return np.full((220, 220, 3), 120, np.uint8)


def page_data(directory):
    page = (directory / 'report.html').read_text(encoding='utf-8')
    start = page.index('id="data">') + len('id="data">')
    return json.loads(page[start:page.index('</script>', start)])


def test_everything_is_there(make_faces, tmp_path):
    faces = make_faces(40)
    protocol = Protocol(('inter_ocular', 'inter_pupil'), num_bootstrap=20)
    record = write_report(faces, tmp_path / 'run', protocol, load_image=gray)
    assert {path.name for path in (tmp_path / 'run').iterdir()} == FILES
    assert [path.name for path in tmp_path.iterdir()] == ['run']  # no draft left
    expected = summarize(RunRecord.of_faces(faces, protocol), protocol)
    written = read_record(tmp_path / 'run')
    for figures in (record.figures, written.figures):
        assert all(figures[key] == value for key, value in expected.items())
    assert 'inter_ocular/common/NME_low' in written.figures
    assert 'inter_pupil/NME_mouth' in written.figures
    for name in ('ced.png', 'faces_worst.jpg'):
        assert cv2.imread(str(tmp_path / 'run' / name)).std() > 5


def test_csv_holds_each_face(make_faces, tmp_path):
    faces = make_faces(30)
    figures = write_report(faces, tmp_path, load_image=gray).figures
    with (tmp_path / 'per_image.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert [row['name'] for row in rows] == list(faces.names)
    errors = [float(row['nme_inter_ocular']) for row in rows
              if row['nme_inter_ocular']]
    assert np.mean(errors) == pytest.approx(figures['NME'], rel=1e-7)
    assert len(rows) - len(errors) == figures['num_unusable'] > 0
    assert rows[0]['subsets'] == 'challenging'
    worst = int(rows[0]['worst_landmark'])
    distance = np.linalg.norm(faces.pred[0, worst] - faces.gt[0, worst])
    assert float(rows[0]['worst_error_px']) == pytest.approx(distance, abs=1e-3)


def test_names_of_any_bytes_come_through(make_faces, tmp_path):
    """An error would come after the test, whose work it would lose."""
    names = [os.fsdecode(b'\xff.png'), '=1+1.png', '-a.png', 'two\nlines.png',
             '\x1b[31mred.png', '<b>.png', "'a.png", '😀 顔.png', '"', ',']
    faces = replace(make_faces(10), names=names, image_paths=names)
    write_report(faces, tmp_path / os.fsdecode(b'run\xfe'),
                 load_image=lambda path: None)
    folder = tmp_path / os.fsdecode(b'run\xfe')
    assert list(read_record(folder).names) == names
    with (folder / 'per_image.csv').open(encoding='utf-8', newline='') as file:
        cells = [row['image_path'] for row in csv.DictReader(file)]
    assert [name_in_cell(cell) for cell in cells] == names
    assert not [cell for cell in cells if cell.startswith(('=', '-', '@', '+'))]
    shown = {row['name'] for row in page_data(folder)['rows']}
    assert {r'\udcff.png', r'two\nlines.png', r'\x1b[31mred.png'} <= shown


def test_page_stands_alone(make_faces, tmp_path):
    faces = make_faces(10)
    faces = replace(faces, names=['</script><b>@@DATA@@', *faces.names[1:]])
    write_report(faces, tmp_path, title='<one> & only', load_image=gray)
    page = (tmp_path / 'report.html').read_text()
    assert '<title>&lt;one&gt; &amp; only</title>' in page
    assert '<b>@@' not in page
    assert page.count('<script') == 2
    for attribute in ('src="', 'href="'):
        values = [part.split('"')[0] for part in page.split(attribute)[1:]]
        assert all(value.startswith('data:') for value in values)
    assert '</script><b>@@DATA@@' in [row['name'] for row in page_data(tmp_path)[
        'rows']]


def test_page_shows_the_worst_faces_first_and_limits_pictures(make_faces, tmp_path):
    write_report(make_faces(30), tmp_path, max_images=5, load_image=gray)
    rows = page_data(tmp_path)['rows']
    assert len(rows) == 30
    assert [index for index, row in enumerate(rows) if 'jpeg' in row] == list(range(5))
    errors = [row['errors'][0] for row in rows]
    known = [error for error in errors if error is not None]
    assert known == sorted(known, reverse=True)
    assert None not in errors[:len(known)] and len(known) < 30
    assert 'the 5 worst of 30 faces' in (tmp_path / 'report.html').read_text()


def test_missing_images_and_failed_predictions(make_faces, tmp_path):
    faces = make_faces(8)
    faces.pred[0] = np.nan
    faces = replace(faces, visible=np.ones_like(faces.visible))
    write_report(faces, tmp_path)  # no such files
    assert page_data(tmp_path)['rows'][0]['errors'] == ['inf']
    record = read_record(tmp_path)
    assert record.figures['NME'] == record.errors_by('inter_ocular')[0] == np.inf


def test_overlay_of_another_run(make_faces, tmp_path):
    faces = make_faces(20)
    write_report(faces, tmp_path / 'a', load_image=gray)
    write_report(faces, tmp_path / 'b', load_image=gray)
    alone = (tmp_path / 'b/ced.png').read_bytes()
    write_report(faces, tmp_path / 'b', load_image=gray, overlay=[tmp_path / 'a'])
    assert (tmp_path / 'b/ced.png').read_bytes() != alone
    with pytest.raises(FileNotFoundError, match='no record of a run'):
        write_report(faces, tmp_path / 'c', overlay=[tmp_path / 'nothing'])
    with pytest.raises(ValueError, match="no normalizer 'inter_pupil'"):
        write_report(faces, tmp_path / 'c', Protocol(('inter_pupil',)),
                     overlay=[tmp_path / 'a'])
    assert not (tmp_path / 'c').exists()


def test_nothing_half_written(make_faces, tmp_path):
    faces = make_faces(10)

    def broken(path):
        raise OSError('disk is gone')

    write_report(faces, tmp_path / 'run', load_image=gray)
    before = (tmp_path / 'run/report.html').read_bytes()
    with pytest.raises(OSError, match='disk is gone'):
        write_report(faces, tmp_path / 'run', load_image=broken)
    with pytest.raises(ValueError, match='none of the 10 faces'):
        write_report(replace(faces, boxes=np.zeros((10, 4))), tmp_path / 'run',
                     Protocol(('box_width',)))
    assert [path.name for path in tmp_path.iterdir()] == ['run']
    assert {path.name for path in (tmp_path / 'run').iterdir()} == FILES
    assert (tmp_path / 'run/report.html').read_bytes() == before


def test_a_report_replaces_an_earlier_one_and_nothing_else(make_faces, tmp_path):
    (tmp_path / 'run').mkdir()
    for name in ('metrics.json', 'box_jitter.csv'):
        (tmp_path / 'run' / name).write_text('old')
    write_report(make_faces(10), tmp_path / 'run', load_image=gray)
    assert {path.name for path in (tmp_path / 'run').iterdir()} == FILES
    (tmp_path / 'run/mine.txt').write_text('keep')
    with pytest.raises(ValueError, match='mine.txt'):
        write_report(make_faces(10), tmp_path / 'run', load_image=gray)
    assert (tmp_path / 'run/mine.txt').read_text() == 'keep'


def test_points_of_no_known_layout(make_faces, tmp_path):
    figures = write_report(make_faces(num_keypoints=7), tmp_path, Protocol(
        ('mine',), keypoint_indices={'mine': (0, 1)}), load_image=gray).figures
    assert figures['NME'] > 0 and 'NME_mouth' not in figures


NASTY = '</script><img src=x onerror=alert(1)>"&@@'


def test_names_of_anything_are_text_on_the_page(make_faces, tmp_path):
    """Faces, subsets, losses, configs: what a stranger named must not run."""
    faces = make_faces(10)
    faces = replace(faces, names=[NASTY + 'face', *faces.names[1:]],
                    subsets={NASTY + 'subset': np.arange(10) < 5})
    protocol = Protocol(num_bootstrap=5)
    record = replace(RunRecord.of_faces(
        faces, protocol, [f'{NASTY}{index}' for index in range(68)]),
        provenance=Provenance(loss=NASTY + 'loss', config=NASTY + 'config', split=NASTY,
                              options={NASTY: NASTY}, versions={NASTY: NASTY}))
    write_report(faces, tmp_path, protocol, record=record, load_image=gray)
    page = (tmp_path / 'report.html').read_text()
    assert '<img src=x' not in page and page.count('<script') == 2
    escaped = page.count(html.escape(NASTY).replace('&quot;', '&#34;'))
    # title, heading, config, loss, options (2), split, versions (2), subset in two
    # tables, landmarks
    assert escaped == 11 + 68
    data = page_data(tmp_path)
    assert NASTY + 'face' in [row['name'] for row in data['rows']]
    assert data['rows'][0]['subsets'] in ([], [NASTY + 'subset'])
    assert data['landmarks'][3] == f'{NASTY}3'


def test_the_page_says_where_the_figures_come_from(make_faces, tmp_path):
    faces, protocol = make_faces(6), Protocol(num_bootstrap=5)
    record = replace(RunRecord.of_faces(faces, protocol), provenance=Provenance(
        config='my_config', loss='WingLoss(omega=5)', checkpoint='work/epoch_3.pth',
        checkpoint_sha256='0123456789abcdef', dataset='300w', split='valid.json',
        seed=7, options={'a.b': 1}, versions={'torch': '2.13'}, date='2026-01-02'))
    write_report(faces, tmp_path, protocol, record=record, load_image=gray)
    page = (tmp_path / 'report.html').read_text()
    for heading, text in {
            'Config': 'my_config', 'Loss': 'WingLoss(omega=5)', 'Changed': 'a.b=1',
            'Checkpoint': 'work/epoch_3.pth (sha256 0123456789ab)', 'Seed': '7',
            'Data': '300w, valid.json', 'Evaluated': '2026-01-02',
            'Versions': 'torch 2.13'}.items():
        assert f'<dt>{heading}</dt><dd>{text}</dd>' in page
    assert '<title>my_config</title>' in page


@pytest.mark.parametrize(('num_faces', 'sizes'), [
    (1, {'worst': 1}), (2, {'worst': 1, 'best': 1}),
    (3, {'worst': 1, 'median': 1, 'best': 1}),
    (20, {'worst': 6, 'median': 8, 'best': 6}),
    (47, {'worst': 15, 'median': 16, 'best': 15}),
    (100, {'worst': 16, 'median': 16, 'best': 16})])
def test_no_face_is_on_two_sheets(num_faces, sizes):
    errors = np.random.default_rng(0).permutation(num_faces) / 100.
    sheets = _selections(errors)
    assert {name: len(indices) for name, indices in sheets.items()} == sizes
    shown = np.concatenate(list(sheets.values()))
    assert len(set(shown)) == len(shown)
    assert errors[sheets['worst'][0]] == errors.max()
