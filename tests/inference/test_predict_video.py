"""mmwing predict on videos: rows a face and frame, drawn, and what is cut off."""

import csv
import json
import os
import re
import shutil

import cv2
import numpy as np
import pytest

from mmwing.datasets.face.face_model.camera import rotation_matrix
from mmwing.inference import Face
from mmwing.inference.box_file import BoxFile
from mmwing.inference.inputs import find_inputs
from mmwing.inference.predict import predict_images
from mmwing.inference.video import Video, VideoError, write_video
from mmwing.mean_head import MEAN_SHAPE

SIZE = (96, 64)
FRAMES = 12


class SpotFinder:
    """Stands in for the landmarker: finds the bright square of a frame, with noise."""

    dataset_meta = {'num_keypoints': 4, 'keypoint_id2name': dict(enumerate('abcd'))}
    batch_size = 4

    def __init__(self, detector=True):
        self.detector = self if detector else None
        self._rng = np.random.default_rng(0)

    def detect(self, image):
        y, x = np.nonzero(image[..., 0] > 128)
        if not len(x):
            return np.empty((0, 4), np.float32), np.empty(0)
        return np.array([[x.min(), y.min(), x.max(), y.max()]], np.float32), np.array(
            [0.75])

    def __call__(self, images, boxes, looks=None):
        if isinstance(images, list):
            return [self(image, found) for image, found in zip(images, boxes,
                                                               strict=True)]
        [[x1, y1, x2, y2]] = self.detect(images)[0]
        points = np.array([(x1, y1), (x2, y1), (x2, y2), (x1, y2)], np.float32)
        return [Face(points + self._rng.normal(0, 0.2, (4, 2)).astype(np.float32),
                     np.full(4, np.nan, np.float32), np.asarray(box)) for box in boxes]


def frame(index):
    rng = np.random.default_rng(index)  # makes files that are worth to be cut off
    image = rng.integers(0, 60, (SIZE[1], SIZE[0], 3), np.uint8)
    image[20:40, 10 + 4 * index:30 + 4 * index] = 255
    return image


def film(path, code):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*code), 20, SIZE)
    if not writer.isOpened():
        pytest.skip(f'this OpenCV has no encoder for {code}')
    for index in range(FRAMES):
        writer.write(frame(index))
    writer.release()
    return path


@pytest.fixture(scope='session')
def films(tmp_path_factory):
    folder = tmp_path_factory.mktemp('films')
    return [film(folder / 'clip.mp4', 'mp4v'), film(folder / 'clip.avi', 'MJPG')]


@pytest.fixture
def clips(films, tmp_path, monkeypatch):
    """clip.mp4 and clip.avi in the working directory."""
    for path in films:
        shutil.copy(path, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def cut(path, share):
    data = path.read_bytes()
    path.write_bytes(data[:int(len(data) * share)])


def rows(path):
    with open(path, newline='') as file:
        return list(csv.DictReader(file))


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob('*')
                  if path.is_file())


def test_a_row_a_face_and_frame_and_a_drawn_video(clips):
    summary = predict_images(SpotFinder(), ['clip.mp4'], 'out', model='spots')
    assert str(summary) == '1 faces followed through 12 frames of 1 videos'
    assert files(clips / 'out') == ['drawings/clip.mp4', 'videos/clip.csv',
                                    'videos/clip.json']
    table = rows('out/videos/clip.csv')
    assert [(row['image'], row['frame'], row['time'], row['track'], row['score'],
             row['s0']) for row in table] == [
        ('clip.mp4', str(index), f'{index / 20:.3f}', '1', '0.750', '')
        for index in range(FRAMES)]
    with open('out/videos/clip.json') as file:
        content = json.load(file)
    assert content['info']['description'] == 'Predictions of spots'
    assert content['images'] == [{'id': 0, 'file_name': 'clip.mp4', 'width': 96,
                                  'height': 64, 'frames': 12, 'frame_rate': 20.0}]
    assert content['categories'][0]['keypoints'] == list('abcd')
    for index, (entry, row) in enumerate(zip(content['annotations'], table,
                                             strict=True)):
        assert (entry['id'], entry['frame'], entry['time'], entry['track']) == (
            index, index, index / 20, 1)
        assert entry['keypoints'][0] == float(row['x0'])
        assert entry['keypoints'][4] == float(row['y1'])
    last = table[-1]
    assert float(last['x0']) == pytest.approx(54, abs=4)
    with Video('out/drawings/clip.mp4') as video:
        drawn = [picture for *_, picture in video]
    assert len(drawn) == FRAMES and video.frame_rate == 20
    for index, picture in enumerate(drawn):
        plain = cv2.resize(frame(index), None, fx=6, fy=6)
        assert (np.abs(picture.astype(int) - plain).max(2) > 100).sum() > 300


def test_the_filter_is_on_unless_it_is_switched_off(clips):
    for smooth in (True, False):
        predict_images(SpotFinder(), ['clip.avi'], f'out{smooth}', drawings=False,
                       smooth=smooth)
    raw, smooth = ([float(row['x0']) for row in rows(f'out{each}/videos/clip.csv')]
                   for each in (False, True))
    finder = SpotFinder()
    with Video('clip.avi') as video:
        expected = [finder(picture, [finder.detect(picture)[0][0]])[0].keypoints[0, 0]
                    for *_, picture in video]
    np.testing.assert_allclose(raw, expected, atol=1e-3)
    assert smooth[0] == raw[0] and smooth[1:] != raw[1:]


@pytest.mark.parametrize('share', [0.96, 0.5])
def test_of_a_video_that_is_cut_off_is_kept_what_there_is(clips, capsys, share):
    cut(clips / 'clip.avi', share)
    summary = predict_images(SpotFinder(), ['clip.avi', 'clip.mp4'], 'out')
    [(path, reason)] = summary.problems
    kept = len(rows('out/videos/clip.csv'))
    assert path == 'clip.avi' and FRAMES * (share - 0.1) < kept <= FRAMES * share + 1
    assert reason.startswith(f'clip.avi is damaged or cut off: {kept} of the 12 frames')
    assert f'warning: {reason}' in capsys.readouterr().err
    assert str(summary).endswith('of 2 videos; 1 videos are not complete (see above)')
    assert len(rows('out/videos/clip-2.csv')) == FRAMES
    with Video('out/drawings/clip.mp4') as video:
        assert sum(1 for _ in video) == kept
    json.loads((clips / 'out/videos/clip.json').read_text())


def test_an_mp4_whose_last_part_is_cut_off(clips):
    cut(clips / 'clip.mp4', 0.999)
    with Video('clip.mp4') as video:
        assert sum(1 for _ in video) == FRAMES
    assert video.problem.startswith('clip.mp4 is damaged or cut off: 12 of the 12')


def test_what_is_no_video_is_warned_about_and_leaves_no_file(clips, capsys):
    cut(clips / 'clip.mp4', 0.5)  # the index of an MP4 is at its end
    (clips / 'text.mp4').write_text('no video')
    (clips / 'empty.avi').write_bytes(b'')
    summary = predict_images(
        SpotFinder(), ['clip.mp4', 'text.mp4', 'empty.avi', 'clip.avi', 'gone.mp4'],
        'out')
    assert len(summary.problems) == 4 and '4 inputs came to nothing' in str(summary)
    assert files(clips / 'out') == ['drawings/clip-2.mp4', 'videos/clip-2.csv',
                                    'videos/clip-2.json']
    error = capsys.readouterr().err
    for name in ('clip', 'text'):
        assert f'warning: {name}.mp4 cannot be decoded: it is no video' in error
    assert 'gone.mp4: no such file' in error


@pytest.mark.parametrize('stop', [RuntimeError, KeyboardInterrupt])
def test_no_file_is_left_half_written(clips, stop):
    class Breaks(SpotFinder):
        calls = 0

        def __call__(self, images, boxes, looks=None):
            self.calls += 1
            if self.calls > 5:
                raise stop
            return super().__call__(images, boxes)

    with pytest.raises(stop):
        predict_images(Breaks(), ['clip.avi'], 'out')
    assert files(clips / 'out') == []


def test_ctrl_c_ends_a_camera_and_keeps_what_it_saw(clips, monkeypatch):
    real = cv2.VideoCapture
    monkeypatch.setattr(cv2, 'VideoCapture', lambda source: real(
        'clip.avi' if source == 7 else source))

    class Ends(SpotFinder):
        calls = 0

        def __call__(self, images, boxes, looks=None):
            self.calls += 1
            if self.calls > 5:
                raise KeyboardInterrupt
            return super().__call__(images, boxes)

    summary = predict_images(Ends(), ['7'], 'out')
    table = rows('out/videos/camera7.csv')
    assert len(table) == 5 and table[0]['image'] == 'camera 7'
    times = [float(row['time']) for row in table]
    assert times == sorted(times) and summary.problems == []
    with Video('out/drawings/camera7.mp4') as video:
        assert sum(1 for _ in video) == 5


def test_a_camera_that_is_not_there():
    with pytest.raises(VideoError, match='camera 97 cannot be opened: there is none'):
        Video(97)


def test_results_are_not_overwritten_unless_asked(clips):
    predict_images(SpotFinder(), ['clip.avi'], 'out', drawings=False)
    with pytest.raises(ValueError, match='videos is there already: --overwrite'):
        predict_images(SpotFinder(), ['clip.avi'], 'out', drawings=False)
    predict_images(SpotFinder(), ['clip.avi'], 'out', drawings=False, overwrite=True)


def test_pts_files_hold_no_video(clips, capsys):
    with pytest.raises(ValueError, match=r'clip\.avi is a video, of which pts holds'):
        predict_images(SpotFinder(), ['clip.avi'], 'out', formats=['pts'],
                       drawings=False)
    summary = predict_images(SpotFinder(), ['clip.avi'], 'out', formats=['pts'])
    assert files(clips / 'out') == ['drawings/clip.mp4'] and not summary.problems
    assert capsys.readouterr().err == (
        'warning: clip.avi is a video, of which pts holds nothing: --format takes json '
        'and csv for videos; it is only drawn\n')


class HeadFinder(SpotFinder):
    """Finds a head that looks to the right."""

    dataset_meta = {'num_keypoints': 68}

    def __call__(self, images, boxes, looks=None):
        head = MEAN_SHAPE @ rotation_matrix(np.deg2rad(20), 0, 0).T
        place = self.detect(images)[0].reshape(2, 2).mean(0) - (0, 3)
        return [Face((head[:, :2] / 8 + place).astype(np.float32), np.full(
            68, np.nan, np.float32), np.asarray(box)) for box in boxes]


def test_head_poses_of_a_video(clips):
    predict_images(HeadFinder(), ['clip.avi'], 'out', drawings=False, head_poses=True)
    with open('out/videos/clip.json') as file:
        entries = json.load(file)['annotations']
    table = rows('out/videos/clip.csv')
    assert len(table) == len(entries) == FRAMES
    for entry, row in zip(entries, table, strict=True):
        assert entry['head_pose']['yaw'] == pytest.approx(20, abs=4)
        assert float(row['yaw']) == pytest.approx(entry['head_pose']['yaw'], abs=0.01)
        assert abs(float(row['pitch'])) < 6 and abs(float(row['roll'])) < 3


def test_head_poses_need_68_points(clips):
    with pytest.raises(ValueError, match='need the 68 points of iBUG.*has 4 points'):
        predict_images(SpotFinder(), ['clip.avi'], 'out', head_poses=True)
    assert files(clips) == ['clip.avi', 'clip.mp4']


# ------------------------------------------------------------------ boxes, inputs


@pytest.mark.parametrize(('text', 'first'), [
    ('image,box_x,box_y,box_w,box_h\nclip.avi,10,20,20,20', 0),
    ('image,frame,box_x,box_y,box_w,box_h\nclip.avi,3,22,20,20,20', 3)])
def test_boxes_of_a_file_start_the_tracks(clips, text, first):
    (clips / 'boxes.csv').write_text(text)
    predict_images(SpotFinder(detector=False), ['clip.avi'], 'out', drawings=False,
                   boxes=BoxFile('boxes.csv'))
    table = rows('out/videos/clip.csv')
    assert [int(row['frame']) for row in table] == list(range(first, FRAMES))
    assert {row['track'] for row in table} == {'1'}
    assert float(table[0]['box_x']) == (10 if first == 0 else 22)


@pytest.mark.parametrize('file', ['clip.csv', 'clip.json'])
def test_what_was_written_serves_as_boxes(clips, file):
    predict_images(SpotFinder(), ['clip.avi'], 'out', drawings=False)
    boxes = BoxFile(f'out/videos/{file}')
    predict_images(SpotFinder(detector=False), ['clip.avi'], 'again', drawings=False,
                   boxes=boxes)
    before, after = (rows(f'{each}/videos/clip.csv') for each in ('out', 'again'))
    assert [row['box_x'] for row in before] == [row['box_x'] for row in after]
    assert len(boxes.find_frames('clip.avi')) == FRAMES


@pytest.mark.parametrize(('row', 'message'), [
    ('other.avi,0,1,1,9,9', r'no box in boxes\.csv'),
    ('clip.avi,2,500,1,9,9', r'frame 2: boxes\[0\] .* lies outside'),
    ('clip.avi,40,1,1,9,9', 'has some for frame 40, but there are frames 0 to 11')])
def test_boxes_that_do_not_fit_are_named(clips, row, message):
    (clips / 'boxes.csv').write_text(f'image,frame,box_x,box_y,box_w,box_h\n{row}')
    summary = predict_images(SpotFinder(detector=False), ['clip.avi'], 'out',
                             drawings=False, boxes=BoxFile('boxes.csv'))
    [(_, reason)] = summary.problems
    assert re.search(message, reason)


def test_a_frame_that_is_no_number(tmp_path):
    path = tmp_path / 'boxes.csv'
    path.write_text('image,frame,box_x,box_y,box_w,box_h\na.mp4,-1,1,1,9,9')
    with pytest.raises(ValueError, match="a frame must be a number from 0, got '-1'"):
        BoxFile(path)


def test_the_whole_frame_as_box_and_no_detector(clips):
    finder = SpotFinder(detector=False)
    predict_images(finder, ['clip.avi'], 'out', boxes='whole', drawings=False)
    assert {(row['box_w'], row['track']) for row in rows('out/videos/clip.csv')} == {
        ('96.000', '1')}
    with pytest.raises(ValueError, match='no detector is installed'):
        predict_images(finder, ['clip.avi'], 'none')


def test_videos_and_cameras_are_inputs(clips):
    (clips / 'deep').mkdir()
    shutil.copy('clip.avi', 'deep/b.MOV')
    shutil.copy('clip.avi', '3')  # a file of that name is no camera
    inputs, problems = find_inputs([str(clips), '3', '07', 'https://x.org/a.webm'])
    assert [(each.name, each.camera, each.moves) for each in inputs] == [
        ('clip', None, True), ('clip-2', None, True), ('deep/b', None, True),
        ('3', None, False), ('a', None, True), ('camera7', 7, True)]
    assert problems == []


def test_a_video_that_cannot_be_written_in_full_is_an_error(tmp_path, monkeypatch):
    path = tmp_path / 'drawn.mp4'
    real = cv2.VideoWriter

    class FullDisk:
        fourcc = staticmethod(real.fourcc)

        def __init__(self, *arguments):
            self._writer = real(*arguments)
            self._left = 3

        def __getattr__(self, name):
            return getattr(self._writer, name)

        def write(self, picture):
            self._left -= 1
            if self._left >= 0:
                self._writer.write(picture)

    monkeypatch.setattr(cv2, 'VideoWriter', FullDisk)
    with (pytest.raises(OSError, match='could not be written in full'),
          write_video(path, 20) as write):
        for index in range(FRAMES):
            write(frame(index))
    assert os.listdir(tmp_path) == []
