"""Faces that are followed through frames; a landmarker whose errors are known."""

import numpy as np
import pytest

import mmwing
from mmwing.inference import Face, OneEuroFilter

RATE = 25
SHAPE = np.random.default_rng(0).uniform(-30, 30, (68, 2)).astype(np.float32)
SHAPE[:4] = [(-30, -30), (30, -30), (30, 30), (-30, 30)]


class Scene:
    """Stands in for the landmarker: it sees the faces that a test puts on the stage.

    In a box it finds the landmarks of the face whose centre is nearest; where there is
    none, those of the box's middle, as a regressor does. ``front`` hides others that it
    overlaps.
    """

    def __init__(self, noise=0.0, detector=True):
        self.detector = self if detector else None
        self.centres = []
        self.hidden_from_detector = []
        self.detections = 0
        self._noise, self._rng = noise, np.random.default_rng(1)

    def put(self, *centres):
        self.centres = [np.array(centre, np.float32) for centre in centres]
        return np.zeros((240, 640, 3), np.uint8)

    def detect(self, image):
        self.detections += 1
        boxes = [np.concatenate([centre - 32, centre + 30])
                 for index, centre in enumerate(self.centres)
                 if index not in self.hidden_from_detector]
        return np.array(boxes, np.float32).reshape(-1, 4), np.full(len(boxes), 0.9)

    def __call__(self, image, boxes, looks=None):
        return [self._face(np.asarray(box)) for box in boxes]

    def _face(self, box):
        middle = (box[:2] + box[2:]) / 2
        near = [centre for centre in self.centres if np.abs(centre - middle).max() < 40]
        if near:
            points = SHAPE + min(near, key=lambda each: np.linalg.norm(each - middle))
        else:  # of nothing: shrunken landmarks
            points = SHAPE * 0.2 + middle
        points = points + self._rng.normal(0, self._noise, points.shape)
        return Face(points.astype(np.float32), np.full(68, np.nan, np.float32), box)


def follow(scene, tracker, paths, frames=range(40)):
    """Numbers and centres of the faces in each frame; a path is None where it ends."""
    found = []
    for index in frames:
        image = scene.put(*(place for path in paths
                            if (place := path(index)) is not None))
        faces = tracker(image, index / RATE)
        found.append({face.track: face.keypoints.mean(0) - SHAPE.mean(0)
                      for face in faces})
    return found


def walks(start, step):
    return lambda index: np.add(start, np.multiply(step, index))


def test_a_face_keeps_its_number_and_the_detector_rests():
    scene = Scene()
    found = follow(scene, mmwing.FaceTracker(scene, detect_every=10, new_filter=None),
                   [walks((100, 100), (4, 1))])
    assert scene.detections == 4
    for index, faces in enumerate(found):
        np.testing.assert_allclose(faces[1], (100 + 4 * index, 100 + index), atol=1e-3)


@pytest.mark.parametrize('apart', [0, 3, 12])
def test_faces_that_cross_keep_their_numbers(apart):
    scene = Scene(noise=0.5)
    paths = [walks((100, 100), (8, 0)), walks((420, 100 + apart), (-8, 0))]
    found = follow(scene, mmwing.FaceTracker(scene, new_filter=None), paths)
    assert set(found[0]) == set(found[-1]) == {1, 2}
    for number, path in enumerate(paths, 1):
        np.testing.assert_allclose(found[-1][number], path(39), atol=1)


def test_of_two_tracks_on_one_face_the_one_that_jumped_is_lost_and_found_again():
    """From frame 19 on the second face hides the first, and takes its track along."""
    scene = Scene()
    first, second = walks((100, 100), (5, 0)), walks((300, 100), (-5, 0))

    def hidden(index):
        return None if 19 <= index < 27 else first(index)

    found = follow(scene, mmwing.FaceTracker(scene, new_filter=None), [hidden, second])
    assert [set(faces) for faces in found] == [{1, 2}] * 21 + [{2}] * 6 + [{1, 2}] * 13
    np.testing.assert_allclose(found[-1][1], first(39), atol=1e-3)
    np.testing.assert_allclose(found[-1][2], second(39), atol=1e-3)


@pytest.mark.parametrize(('away', 'number'), [(15, 1), (35, 2)])
def test_a_lost_face_is_found_again_for_a_second(away, number):
    scene = Scene()

    def path(index):
        return None if 10 <= index < 10 + away else (200, 100)

    tracker = mmwing.FaceTracker(scene, detect_every=1000, keep_lost=1.0)
    found = follow(scene, tracker, [path], range(60))
    assert [set(faces) for faces in found] == [
        {1}] * 10 + [set()] * away + [{number}] * (50 - away)
    # It looked while there was no face, and no more.
    assert scene.detections == 1 + away + 1


def test_a_face_that_jumps_is_another():
    scene = Scene()

    def path(index):
        return (100, 100) if index < 5 else (550, 100)

    found = follow(scene, mmwing.FaceTracker(scene), [path], range(10))
    assert [set(faces) for faces in found] == [{1}] * 5 + [{2}] * 5
    np.testing.assert_allclose(found[5][2], (550, 100), atol=1e-3)  # at once


def test_new_faces_come_with_the_next_detection():
    scene = Scene()
    paths = [walks((100, 100), (0, 0)),
             lambda index: None if index < 3 else (400, 100)]
    found = follow(scene, mmwing.FaceTracker(scene, detect_every=5), paths, range(8))
    assert [set(faces) for faces in found] == [{1}] * 5 + [{1, 2}] * 3


def test_two_detections_of_one_face_are_one_face():
    class Twice(Scene):
        def detect(self, image):
            boxes, scores = super().detect(image)
            return np.vstack([boxes, boxes + 4]), np.tile(scores, 2)

    scene = Twice()
    found = follow(scene, mmwing.FaceTracker(scene, detect_every=2),
                   [walks((100, 100), (0, 0))], range(6))
    assert [set(faces) for faces in found] == [{1}] * 6


def test_what_the_detector_misses_twice_is_lost():
    scene = Scene()
    tracker = mmwing.FaceTracker(scene, detect_every=5, misses=2)
    paths = [walks((100, 100), (0, 0)), walks((400, 100), (0, 0))]
    assert set(follow(scene, tracker, paths, range(5))[-1]) == {1, 2}
    scene.hidden_from_detector = [1]
    found = follow(scene, tracker, paths, range(5, 12))
    assert [set(faces) for faces in found] == [{1, 2}] * 5 + [{1}] * 2


def test_landmarks_that_drift_are_set_back_by_the_detector():
    scene = Scene()
    tracker = mmwing.FaceTracker(scene, detect_every=5, new_filter=None)
    follow(scene, tracker, [walks((100, 100), (0, 0))], range(5))
    [track] = tracker._followed
    track.box = track.box + np.float32([25, 10, 25, 10])
    [face] = tracker(scene.put((100, 100)), 5 / RATE)
    assert face.track == 1
    np.testing.assert_allclose(face.box, [68, 68, 130, 130])
    assert face.score == pytest.approx(0.9)


def test_without_a_filter_landmarks_are_the_models_and_with_it_they_are_smoothed():
    raw, smoothed = [], []
    for new_filter, results in ((None, raw), (OneEuroFilter, smoothed)):
        scene = Scene(noise=0.6)
        tracker = mmwing.FaceTracker(scene, new_filter=new_filter)
        for index in range(60):
            frame = scene.put((200 + 4 * max(0, index - 30), 100))
            results.append(tracker(frame, index / RATE)[0])
    same = Scene(noise=0.6)
    smooth = OneEuroFilter()
    for index, (face, other) in enumerate(zip(raw, smoothed, strict=True)):
        same.put((200 + 4 * max(0, index - 30), 100))
        keypoints = same(None, [face.box])[0].keypoints
        np.testing.assert_array_equal(face.keypoints, keypoints)
        # The filter has no part in where landmarks are looked for.
        np.testing.assert_array_equal(face.box, other.box)
        side = np.ptp(keypoints, axis=0).max()
        np.testing.assert_array_equal(other.keypoints,
                                      smooth(keypoints, index / RATE, side))


def test_a_face_that_was_lost_starts_with_a_fresh_filter():
    scene = Scene()
    found = follow(scene, mmwing.FaceTracker(scene, detect_every=1000), [
        lambda index: (200, 100) if index < 10 else
        None if index < 15 else (230, 100)], range(16))
    np.testing.assert_allclose(found[15][1], (230, 100), atol=1e-3)


# ------------------------------------------------------------------ given boxes


def test_boxes_start_and_reseat_tracks_without_a_detector():
    scene = Scene(detector=False)
    tracker = mmwing.FaceTracker(scene, new_filter=None)
    stage = scene.put((100, 100), (400, 100))
    with pytest.raises(ValueError, match='where are the faces'):
        tracker(stage, 0)
    [face] = tracker(stage, 0, [[70, 70, 130, 130]])
    assert face.track == 1 and np.isnan(face.score)
    assert [face.track for face in tracker(stage, 1 / RATE)] == [1]
    faces = tracker(stage, 2 / RATE, [[365, 70, 425, 130]])
    assert [face.track for face in faces] == [1, 2]
    np.testing.assert_allclose(faces[1].box, [365, 70, 425, 130])
    faces = tracker(stage, 3 / RATE, [[80, 70, 140, 130]])
    np.testing.assert_allclose(faces[0].box, [80, 70, 140, 130])
    assert [face.track for face in faces] == [1, 2]
    assert tracker(scene.put(), 4 / RATE) == []
    assert tracker(scene.put(), 5 / RATE) == []  # no error where faces were


def test_the_whole_frame_is_one_face():
    scene = Scene(detector=False)
    tracker = mmwing.FaceTracker(scene)
    for index, centre in enumerate([(320, 120), (340, 120), (300, 110)]):
        [face] = tracker(scene.put(centre), index / RATE, 'whole')
        assert face.track == 1 and face.box.tolist() == [0, 0, 640, 240]


@pytest.mark.parametrize(('boxes', 'time', 'message'), [
    ('detect', 1, "or 'whole', got 'detect'"), ([[5, 5, 1, 1]], 1, 'no area'),
    (None, 0, 'time must go on'), (None, np.nan, 'time must go on'),
    (None, '1', "time must be a number of seconds, got '1'"), (None, None, 'time')])
def test_bad_calls(boxes, time, message):
    scene = Scene()
    tracker = mmwing.FaceTracker(scene)
    tracker(scene.put((100, 100)), 0)
    with pytest.raises(ValueError, match=message):
        tracker(scene.put((100, 100)), time, boxes)


@pytest.mark.parametrize('argument', [
    {'detect_every': 0}, {'detect_every': 1.5}, {'misses': 0}, {'misses': True},
    {'keep_lost': -1}, {'keep_lost': '1'}, {'keep_lost': float('nan')}])
def test_bad_arguments(argument):
    with pytest.raises(ValueError, match=next(iter(argument))):
        mmwing.FaceTracker(Scene(), **argument)


@pytest.mark.parametrize('landmarker', [3, 'cnn7-local_300w', None, len])
def test_what_is_no_landmarker_is_told(landmarker):
    with pytest.raises(TypeError, match='landmarker must be a FaceLandmarker'):
        mmwing.FaceTracker(landmarker)


@pytest.mark.parametrize('new_filter', [3, OneEuroFilter(), lambda: 3, lambda: None,
                                        lambda face: OneEuroFilter()])
def test_what_makes_no_filter_is_told(new_filter):
    with pytest.raises(TypeError, match='new_filter must be None or make a filter'):
        mmwing.FaceTracker(Scene(), new_filter=new_filter)


class Failing(Scene):
    """Fails at the call of a number, counted over the detector and the model."""

    fails_at, calls = None, 0

    def detect(self, image):
        self._count()
        return super().detect(image)

    def __call__(self, image, boxes, looks=None):
        self._count()
        return super().__call__(image, boxes)

    def _count(self):
        self.calls += 1
        if self.calls == self.fails_at:
            raise RuntimeError('out of memory')


@pytest.mark.parametrize(('frame', 'call'), [
    (0, 1), (0, 2), (1, 1), (4, 1), (4, 2), (6, 1), (6, 2), (6, 3)])
def test_a_frame_that_failed_can_be_given_again(frame, call):
    """In frame 4 the detector's turn comes, in 6 a face is lost and another found."""
    results = []
    for fails in (False, True):
        scene, faces = Failing(), []
        tracker = mmwing.FaceTracker(scene, detect_every=4)
        for index in range(12):
            stage = scene.put((100 + 3 * index, 100), (550 if index < 6 else 350, 120))
            if fails and index == frame:
                scene.fails_at = scene.calls + call
                with pytest.raises(RuntimeError, match='out of memory'):
                    tracker(stage, index / RATE)
            faces.append([(face.track, face.score, *face.keypoints.ravel())
                          for face in tracker(stage, index / RATE)])
        results.append(faces)
    assert results[0] == results[1]


def test_only_faces_that_are_new_are_looked_at_more_than_once():
    """The box of a face that is followed is as good as that of a second look."""
    class Counting(Scene):
        looks = []

        def __call__(self, image, boxes, looks=None):
            self.looks.append((len(boxes), looks))
            return super().__call__(image, boxes)

    scene = Counting()
    tracker = mmwing.FaceTracker(scene, detect_every=3)
    follow(scene, tracker, [walks((100, 120), (1, 0)), walks((400, 120), (0, 0))],
           frames=range(3))
    # None: as often as the landmarker does by itself.
    assert scene.looks == [(2, None), (2, 1), (2, 1)]
