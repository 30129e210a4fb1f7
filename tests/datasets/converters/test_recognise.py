import itertools
import re

import pytest
from miniature import MAKERS

from mmwing.datasets.converters import CONVERTERS, ArchiveError, prepare


@pytest.mark.parametrize('asked, given', [
    (asked, given) for asked, given in itertools.permutations(MAKERS, 2)
    # Anything with .pts files is also a folder of .pts files.
    if not (asked == 'pts' and given in ('300w', '300vw'))])
def test_the_wrong_archive_is_named(make, tmp_path, asked, given):
    archive = make(given)
    with pytest.raises(ArchiveError) as caught:
        prepare(asked, archive.root, tmp_path / 'out')
    message = str(caught.value)
    assert f'does not hold {CONVERTERS[asked].title}' in message
    assert f'looks like {CONVERTERS[given].title}' in message
    assert re.search(rf"use '{given}'", message)
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize('name, message', [
    ('aflw.sqlite', '19-point file'),
    ('WFLW_images.tar.gz', r'not unpacked \(WFLW_images.tar.gz\)'),
    ('list_98pt_test_blur.txt', 'without attributes'),
    ('AFW_134212_1_0.mat', '300W-LP'),
    ('face_landmarks_wflw_test.json', 'MMPose reads already'),
    ('readme.txt', 'nothing that looks like a face data set'),
])
def test_other_things_are_recognised(tmp_path, name, message):
    (tmp_path / 'raw').mkdir()
    (tmp_path / 'raw' / name).write_text('')
    with pytest.raises(ArchiveError, match=message):
        prepare('wflw', tmp_path / 'raw', tmp_path / 'out')


def test_raw_that_is_no_directory(tmp_path):
    with pytest.raises(ArchiveError, match='does not exist'):
        prepare('300w', tmp_path / 'nowhere', tmp_path / 'out')
    (tmp_path / '300w.zip').write_text('')
    with pytest.raises(ArchiveError, match='is a file; unpack it'):
        prepare('300w', tmp_path / '300w.zip', tmp_path / 'out')


@pytest.mark.parametrize('out', ['photo.jpg', 'photo.jpg/below/it'])
def test_out_that_is_a_file(make, tmp_path, out):
    (tmp_path / 'photo.jpg').write_text('mine')
    with pytest.raises(ValueError, match=r'out must .*photo\.jpg is a file'):
        prepare('pts', make('pts').root, tmp_path / out)
    assert (tmp_path / 'photo.jpg').read_text() == 'mine'


def test_a_folder_without_pts_files_is_named(tmp_path):
    (tmp_path / 'raw').mkdir()
    with pytest.raises(ArchiveError, match=r'not hold a folder of \.pts files\. It'):
        prepare('pts', tmp_path / 'raw', tmp_path / 'out')


def test_hidden_files_and_link_cycles_are_no_data(make, tmp_path):
    archive = make('pts')
    (archive.root / '._0.pts').write_bytes(b'\x00\x05\x16\x07')
    (archive.root / 'night/up').symlink_to(archive.root)
    report = prepare('pts', archive.root, tmp_path / 'out')
    assert report.problems == []
    assert report.splits['all'].faces == 3
