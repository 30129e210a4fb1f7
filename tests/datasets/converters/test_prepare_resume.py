"""Interrupted runs leave nothing half-written and are resumed."""

import json
import os

import pytest
from miniature import landmarks, write_pts

from mmwing.datasets.converters import prepare


@pytest.mark.parametrize('mode', ['copy', 'crop'])
@pytest.mark.parametrize('error', [KeyboardInterrupt, OSError('disk full')])
def test_an_interrupted_run_is_resumed(make, tmp_path, monkeypatch, mode, error):
    archive, out = make('300w'), tmp_path / 'out'
    options = {'images': mode, 'crop': 2.0 if mode == 'crop' else None, 'jobs': 1}
    whole = tmp_path / 'whole'
    prepare('300w', archive.root, whole, **options)

    calls = []
    replace = os.replace

    def failing(source, target):
        if 'images' in str(target):
            calls.append(target)
            if len(calls) == 4:
                raise error
        replace(source, target)

    monkeypatch.setattr(os, 'replace', failing)
    with pytest.raises(type(error) if isinstance(error, Exception) else error):
        prepare('300w', archive.root, out, **options)
    monkeypatch.undo()

    assert not (out / 'annotations').exists()
    assert not (out / '.partial').exists()
    before = {path: path.stat().st_mtime_ns for path in out.rglob('*.png')}
    assert 0 < len(before) < 8
    report = prepare('300w', archive.root, out, **options)
    assert {p: p.stat().st_mtime_ns for p in before} == before, 'done work was redone'
    assert report.splits['valid'].faces == 3
    for path in (whole / 'annotations').iterdir():
        assert (out / 'annotations' / path.name).read_bytes() == path.read_bytes()
    for path in (whole / 'images').rglob('*.png'):
        assert (out / path.relative_to(whole)).read_bytes() == path.read_bytes()


def test_what_a_killed_run_left_over_is_cleared(make, tmp_path):
    archive, out = make('pts'), tmp_path / 'out'
    (out / '.partial').mkdir(parents=True)
    (out / '.partial' / 'half.png').write_bytes(b'half')
    prepare('pts', archive.root, out)
    assert sorted(p.name for p in out.iterdir()) == [
        'annotations', 'images', 'prepare_report.json', 'prepare_settings.json']


def test_annotations_of_an_earlier_run_survive_a_failing_one(make, tmp_path,
                                                             monkeypatch):
    archive, out = make('pts'), tmp_path / 'out'
    prepare('pts', archive.root, out)
    before = (out / 'annotations/face_landmarks_pts.json').read_text()
    dumps = json.dumps

    def failing(content, **options):
        if 'annotations' in content:
            raise MemoryError
        return dumps(content, **options)

    monkeypatch.setattr(json, 'dumps', failing)
    with pytest.raises(MemoryError):
        prepare('pts', archive.root, out)
    assert (out / 'annotations/face_landmarks_pts.json').read_text() == before
    assert len(list((out / 'annotations').iterdir())) == 1


def test_other_settings_are_refused(make, tmp_path):
    archive, out = make('pts'), tmp_path / 'out'
    prepare('pts', archive.root, out)
    with pytest.raises(ValueError, match=r"images='copy' then, 'crop' now"):
        prepare('pts', archive.root, out, images='crop', crop=2.0)
    with pytest.raises(ValueError, match='origin=1 then, 0 now'):
        prepare('pts', archive.root, out, origin=0)


def test_a_repaired_annotation_gets_its_own_crop(make, tmp_path):
    archive, out = make('pts'), tmp_path / 'out'
    options = {'images': 'crop', 'crop': 1.0}
    prepare('pts', archive.root, out, **options)
    write_pts(archive.root / '0.pts', landmarks(5, 77))
    prepare('pts', archive.root, out, **options)
    fresh = tmp_path / 'fresh'
    prepare('pts', archive.root, fresh, **options)
    name = 'annotations/face_landmarks_pts.json'
    assert (out / name).read_text() == (fresh / name).read_text()


def test_links_lead_to_the_raw_image_and_copies_do_not(make, tmp_path):
    archive = make('pts')
    prepare('pts', archive.root, tmp_path / 'link', images='link')
    prepare('pts', archive.root, tmp_path / 'copy', images='copy')
    link, copy = (tmp_path / mode / 'images/0.png' for mode in ('link', 'copy'))
    assert link.resolve() == (archive.root / '0.png').resolve()
    assert not copy.is_symlink()
    assert copy.read_bytes() == (archive.root / '0.png').read_bytes()


def test_raw_inside_the_images_that_are_written(tmp_path):
    with pytest.raises(ValueError, match='must not lie in the images folder'):
        prepare('pts', tmp_path / 'out/images/raw', tmp_path / 'out')


@pytest.mark.parametrize('arguments, message', [
    ({'dataset': 'lfw'}, 'dataset must be one of 300w, wflw'),
    ({'origin': 2}, 'origin must be 0 or 1'),
    ({'jobs': 0}, 'jobs must be a whole number of at least 1'),
])
def test_arguments_that_do_not_fit(make, tmp_path, arguments, message):
    archive = make('pts')
    with pytest.raises(ValueError, match=message):
        prepare(**{'dataset': 'pts', 'raw': archive.root, 'out': tmp_path / 'out',
                   **arguments})
