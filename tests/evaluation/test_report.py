import csv
import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from mmwing.evaluation import Protocol, summarize
from mmwing.evaluation.report import write_report
from mmwing.evaluation.run import read_run

FILES = {'metrics.json', 'per_image.csv', 'ced.png', 'error_map.png', 'faces_best.jpg',
         'faces_median.jpg', 'faces_worst.jpg', 'report.html'}


def gray(path):
    return np.full((220, 220, 3), 120, np.uint8)


def page_data(directory):
    page = (directory / 'report.html').read_text()
    start = page.index('id="data">') + len('id="data">')
    return json.loads(page[start:page.index('</script>', start)])


def test_everything_is_there(make_faces, tmp_path):
    faces = make_faces(40)
    protocol = Protocol(('inter_ocular', 'inter_pupil'), num_bootstrap=20)
    figures = write_report(faces, tmp_path / 'run', protocol, load_image=gray)
    assert {path.name for path in (tmp_path / 'run').iterdir()} == FILES
    assert [path.name for path in tmp_path.iterdir()] == ['run']  # no draft left
    expected = summarize(faces, protocol)
    assert all(figures[key] == value for key, value in expected.items())
    written = json.loads((tmp_path / 'run/metrics.json').read_text())
    assert written['figures']['inter_ocular/NME'] == expected['inter_ocular/NME']
    assert 'inter_ocular/common/NME_low' in written['figures']
    assert 'inter_pupil/NME_mouth' in written['figures']
    assert len(written['landmark_nme']['inter_pupil']) == 68
    for name in ('ced.png', 'faces_worst.jpg'):
        assert cv2.imread(str(tmp_path / 'run' / name)).std() > 5


def test_csv_holds_each_face(make_faces, tmp_path):
    faces = make_faces(30)
    figures = write_report(faces, tmp_path, load_image=gray)
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
    faces = replace(faces, annotated=np.ones_like(faces.annotated))
    figures = write_report(faces, tmp_path)  # no such files
    assert figures['NME'] == np.inf
    assert json.loads((tmp_path / 'metrics.json').read_text())['figures'][
        'NME'] is None
    assert page_data(tmp_path)['rows'][0]['errors'] == ['inf']
    assert np.isinf(read_run(tmp_path).errors('inter_ocular')[0])


def test_overlay_of_another_run(make_faces, tmp_path):
    faces = make_faces(20)
    write_report(faces, tmp_path / 'a', load_image=gray)
    write_report(faces, tmp_path / 'b', load_image=gray)
    alone = (tmp_path / 'b/ced.png').read_bytes()
    write_report(faces, tmp_path / 'b', load_image=gray, overlay=[tmp_path / 'a'])
    assert (tmp_path / 'b/ced.png').read_bytes() != alone
    with pytest.raises(FileNotFoundError, match='it is not a report'):
        write_report(faces, tmp_path / 'c', overlay=[tmp_path / 'nothing'])
    with pytest.raises(ValueError, match="no normalizer 'inter_pupil'"):
        write_report(faces, tmp_path / 'c', Protocol(('inter_pupil',)),
                     overlay=[tmp_path / 'a'])
    assert not (tmp_path / 'c').exists()


def test_nothing_half_written(make_faces, tmp_path):
    faces = make_faces(10)

    def broken(path):
        raise OSError('disk is gone')

    (tmp_path / 'run').mkdir()
    (tmp_path / 'run/mine.txt').write_text('keep')
    with pytest.raises(OSError, match='disk is gone'):
        write_report(faces, tmp_path / 'run', load_image=broken)
    with pytest.raises(ValueError, match='none of the 10 faces'):
        write_report(replace(faces, boxes=np.zeros((10, 4))), tmp_path / 'run',
                     Protocol(('box_width',)))
    assert [path.name for path in tmp_path.iterdir()] == ['run']
    assert [path.name for path in (tmp_path / 'run').iterdir()] == ['mine.txt']
    write_report(faces, tmp_path / 'run', load_image=gray)
    assert (tmp_path / 'run/mine.txt').read_text() == 'keep'


def test_points_of_no_known_layout(make_faces, tmp_path):
    figures = write_report(make_faces(num_landmarks=7), tmp_path, Protocol(
        ('mine',), keypoint_indices={'mine': (0, 1)}), load_image=gray)
    assert figures['NME'] > 0 and 'NME_mouth' not in figures


@pytest.mark.parametrize('content', ['{', '{"title": "a"}', '[]'])
def test_report_that_cannot_be_read(content, tmp_path):
    (tmp_path / 'metrics.json').write_text(content)
    (tmp_path / 'per_image.csv').write_text('name\n')
    with pytest.raises(ValueError, match='cannot be read'):
        read_run(tmp_path)
