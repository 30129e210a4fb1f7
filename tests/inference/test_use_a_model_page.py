"""docs/use_a_model.md: every snippet runs, in the order of the page."""

import importlib.util
import re
import shlex
import shutil
from pathlib import Path

import cv2
import pytest
from programs import run_program

import mmwing

PAGE = Path(mmwing.__file__).resolve().parent.parent / 'docs/use_a_model.md'
SNIPPET = re.compile(r'(<!-- needs (\w+) -->\n)?```(python|bash)\n(.*?)```', re.DOTALL)


@pytest.fixture
def folder(work_dir, faces, tmp_path, monkeypatch):
    """What the page assumes."""
    own = tmp_path / 'work_dirs/my_model'
    own.mkdir(parents=True)
    [config] = work_dir.glob('*.py')
    shutil.copy(config, own / 'my_config.py')
    shutil.copy(work_dir / 'epoch_1.pth', own)
    (own / 'last_checkpoint').write_text(str(own / 'epoch_1.pth'))
    cv2.imwrite(str(tmp_path / 'photo.jpg'), faces[0]['img'])
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.skipif(not PAGE.is_file(), reason='no checkout')
def test_every_snippet_of_the_page_runs(folder, capsys):
    namespace, printed = {}, []
    for _, needed, language, code in SNIPPET.findall(PAGE.read_text(encoding='utf-8')):
        if needed and importlib.util.find_spec(needed) is None:
            continue
        if language == 'python':
            exec(compile(code, str(PAGE), 'exec'), namespace)
            printed += capsys.readouterr().out.splitlines()
            continue
        for line in code.splitlines():
            program, *arguments = shlex.split(line, comments=True)
            if program == 'mmwing':
                done = run_program(program, *arguments, cwd=folder)
                assert done.returncode == 0, done.stderr
    for expected in ('(68, 2)', '[1, 2]', 'True', '(1, 68, 2)'):
        assert expected in printed
    for file in ('predictions/predictions.json', 'predictions/drawings/photo.jpg',
                 'again/predictions.csv'):
        assert (folder / file).is_file()
    drawn = cv2.imread(str(folder / 'drawn/photo.jpg'))
    photo = cv2.imread(str(folder / 'photo.jpg'))
    assert drawn.shape == photo.shape and (abs(
        drawn.astype(int) - photo).max(-1) > 60).sum() > 300


def test_mmposes_inferencer_ignores_boxes(folder):
    """As the page says; if MMPose mends it, the page has to."""
    from mmpose.apis import MMPoseInferencer

    inferencer = MMPoseInferencer(
        pose2d='work_dirs/my_model/my_config.py', device='cpu', det_model='whole_image',
        pose2d_weights='work_dirs/my_model/epoch_1.pth')
    without, given = (
        next(inferencer('photo.jpg', **arguments))['predictions'][0][0]['bbox']
        for arguments in ({}, {'bboxes': [[[25, 20, 105, 100]]]}))
    assert without == given
