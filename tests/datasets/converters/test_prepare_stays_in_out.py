"""Whatever names and links say, nothing is written outside OUT."""

import os
import shutil
from pathlib import Path

import pytest
import scipy.io
from miniature import landmarks, picture, save, wflw_line

from mmwing.datasets.converters import Kind, prepare

CROP = {'images': 'crop', 'crop': 2.0}


def tree(folder):
    return {path: os.path.getmtime(path) for path in folder.rglob('*')}


@pytest.mark.parametrize('options', [{}, CROP])
@pytest.mark.parametrize('name', ['../beside.png', 'a/../../beside.png', '{raw}/x.png'])
def test_names_of_wflw_that_lead_out_are_refused_with_their_line(
        make, tmp_path, name, options):
    archive = make('wflw')
    images = next(archive.root.rglob('WFLW_images'))
    for path in (archive.root / 'x.png', images.parent / 'beside.png'):
        save(path, picture(landmarks(98, 7)))
    path = next(archive.root.rglob('*_attr_train.txt'))
    line = wflw_line(landmarks(98, 7), (30, 20, 90, 70), [0] * 6,
                     name.format(raw=archive.root))
    path.write_text(path.read_text() + line + '\n')
    before = tree(tmp_path)

    report = prepare('wflw', archive.root, tmp_path / 'out', **options)

    problem = next(p for p in report.problems if p.kind is Kind.UNREADABLE_ANNOTATION)
    assert problem.where.endswith('train.txt:2') and 'outside' in problem.detail
    assert report.splits['train'].faces == 1
    shutil.rmtree(tmp_path / 'out')
    assert tree(tmp_path).keys() == before.keys()


@pytest.mark.parametrize('options', [{}, CROP])
def test_an_absolute_name_of_an_image_of_the_data_set(make, tmp_path, options):
    """It may be read, and what is written lies below OUT all the same."""
    archive = make('wflw')
    images = next(archive.root.rglob('WFLW_images')).resolve()
    save(images / 'x.png', picture(landmarks(98, 7)))
    path = next(archive.root.rglob('*_attr_train.txt'))
    line = wflw_line(landmarks(98, 7), (30, 20, 90, 70), [0] * 6, str(images / 'x.png'))
    path.write_text(path.read_text() + line + '\n')
    before = tree(archive.root)
    report = prepare('wflw', archive.root, tmp_path / 'out', **options)
    assert report.splits['train'].faces == 2
    assert len(list((tmp_path / 'out/images').glob('x.*'))) == 1
    assert tree(archive.root) == before


def test_names_of_aflw_that_lead_out(make, tmp_path):
    archive = make('aflw')
    path = archive.root / 'AFLWinfo_release.mat'
    info = {k: v for k, v in scipy.io.loadmat(path).items() if not k.startswith('_')}
    info['nameList'][4, 0] = '../../x.png'
    scipy.io.savemat(path, info)
    report = prepare('aflw', archive.root, tmp_path / 'out', **CROP)
    problem = next(p for p in report.problems if p.kind is not Kind.PARTIAL)
    assert problem.where == 'AFLWinfo_release.mat: face 5'
    assert "'../../x.png' leads outside" in problem.detail


@pytest.mark.parametrize('inside', [
    'images', 'images/night', 'annotations', 'annotations/face_landmarks_pts.json',
    'prepare_report.json', 'prepare_settings.json', '.partial'])
def test_links_in_out_that_lead_out_are_refused(make, tmp_path, inside):
    archive = make('pts')
    elsewhere = tmp_path / 'elsewhere'
    link = tmp_path / 'out' / inside
    link.parent.mkdir(parents=True)
    if link.suffix == '.json':
        elsewhere.write_text('{"dataset": "pts"}')
    else:
        elsewhere.mkdir()
    link.symlink_to(elsewhere)
    before = elsewhere.read_text() if elsewhere.is_file() else tree(elsewhere)
    with pytest.raises(ValueError, match='link'):
        prepare('pts', archive.root, tmp_path / 'out')
    assert before == (elsewhere.read_text() if elsewhere.is_file() else
                      tree(elsewhere))


def test_out_itself_may_be_a_link(make, tmp_path):
    (tmp_path / 'disk').mkdir()
    (tmp_path / 'out').symlink_to(tmp_path / 'disk')
    prepare('pts', make('pts').root, tmp_path / 'out')
    assert (tmp_path / 'disk/images/0.png').is_file()


def test_a_link_to_an_image_that_is_gone_is_replaced_not_followed(make, tmp_path):
    archive, out = make('pts'), tmp_path / 'out'
    prepare('pts', archive.root, out, images='link')
    moved = archive.root.rename(tmp_path / 'moved')
    prepare('pts', moved, out, images='link')
    assert not archive.root.exists()
    assert Path(os.readlink(out / 'images/0.png')) == moved / '0.png'
