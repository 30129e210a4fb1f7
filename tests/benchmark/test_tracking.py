"""Painted videos with known truth, and how jitter and lag are measured on them."""

import cv2
import numpy as np
import pytest

from mmwing.benchmark import tracking
from mmwing.benchmark.tracking import (
    FRAME_RATE,
    MOTIONS,
    PaintedVideo,
    describe_filter,
    follow_painted,
    measure_steadiness,
    smoothed,
)
from mmwing.inference import Face, OneEuroFilter


class Oracle:
    """Stands in for a model: the truth of the latest frame, late and with noise."""

    detector = None

    def __init__(self, noise=0.0, late=0):
        self._rng = np.random.default_rng(0)
        self._noise, self._late, self.videos = noise, late, []

    def __call__(self, image, boxes, looks=None):
        true = self.videos[-1].latest[-1 - min(self._late,
                                               len(self.videos[-1].latest) - 1)]
        noise = self._rng.normal(0, self._noise, true.shape)
        return [Face((true + noise).astype(np.float32), np.full(68, np.nan), box)
                for box in boxes]


@pytest.fixture
def oracle(monkeypatch):
    """Lets oracles know what is filmed, without a picture being painted."""
    def make(**kind):
        stand_in = Oracle(**kind)

        class Filmed(PaintedVideo):
            def frame(self, time):
                if stand_in.videos[-1:] != [self]:
                    stand_in.videos.append(self)
                    self.__dict__['latest'] = []
                self.latest.append(self.landmarks(time))
                return np.zeros((360, 640, 3), np.uint8)

        monkeypatch.setattr(tracking, 'PaintedVideo', Filmed)
        return stand_in, Filmed

    return make


@pytest.mark.parametrize('motion', MOTIONS)
def test_the_landmarks_of_a_frame_are_where_the_picture_is(motion):
    """What is painted has moved as the landmarks say: the picture turned back is it."""
    video = PaintedVideo(1, motion, noise=0)
    first, later = video.frame(0), video.frame(0.3)
    matrix, _ = cv2.estimateAffinePartial2D(video.landmarks(0.3), video.landmarks(0))
    back = cv2.warpAffine(later, matrix, (640, 360))
    low, high = video.landmarks(0).min(0).astype(int), video.landmarks(0).max(0)
    face = (slice(low[1], int(high[1])), slice(low[0], int(high[0])))
    assert np.abs(back[face].astype(float) - first[face]).mean() < 5
    if motion != 'still':
        assert np.abs(later[face].astype(float) - first[face]).mean() > 10


def test_noise_differs_between_frames_and_comes_again_with_the_seed():
    video, same = PaintedVideo(0, 'still'), PaintedVideo(0, 'still')
    first, second = video.frame(0), video.frame(0.04)
    assert np.std(first.astype(float) - second) == pytest.approx(6 * 2**0.5, rel=0.15)
    np.testing.assert_array_equal(second, same.frame(0.04))


@pytest.mark.parametrize('late', [0, 2])
def test_a_known_lag_and_jitter_are_found(oracle, late):
    landmarker, video_type = oracle(noise=0.7, late=late)
    video = video_type(0, 'fast')
    found = measure_steadiness(follow_painted(landmarker, video, 60), video)
    side = np.ptp(video.landmarks(0), axis=0).max()
    assert found.lag == pytest.approx(late, abs=0.05)
    assert found.jitter * side == pytest.approx(0.7 * 2**0.5, rel=0.05)
    assert found.error > 0.01 if late else found.error < 0.01


def test_the_filter_halves_jitter_at_rest_and_lags_less_than_two_frames(oracle):
    for motion in MOTIONS:
        landmarker, video_type = oracle(noise=1.0)
        video = video_type(0, motion)
        raw = follow_painted(landmarker, video, 75)
        before, after = (measure_steadiness(each, video)
                         for each in (raw, smoothed(raw, OneEuroFilter())))
        if motion == 'still':
            assert after.jitter < before.jitter / 2 and np.isnan(after.lag)
        else:
            assert before.lag < 0.1 < after.lag < 2
        assert after.error < 1.5 * before.error + 0.02


def test_smoothed_is_what_the_tracker_makes_of_them(oracle):
    from mmwing import FaceTracker

    results = []
    for new_filter in (None, OneEuroFilter):
        landmarker, video_type = oracle(noise=1.0)
        video = video_type(0, 'tilting')
        tracker = FaceTracker(landmarker, new_filter=new_filter)
        low, high = video.landmarks(0).min(0), video.landmarks(0).max(0)
        results.append(np.array([
            tracker(video.frame(index / FRAME_RATE), index / FRAME_RATE,
                    [] if index else [[*low, *high]])[0].keypoints
            for index in range(20)]))
    np.testing.assert_array_equal(smoothed(results[0], OneEuroFilter()), results[1])


def test_the_table_says_what_was_lost(oracle):
    landmarker, _ = oracle(noise=1.0)
    lines = describe_filter(landmarker, faces=1, frames=30).splitlines()
    assert [line.split('|')[1].strip() for line in lines[2:]] == list(MOTIONS)
    assert lines[2].split('|')[4:6] == ['  ', '  ']  # no lag at rest
    landmarker, _ = oracle(noise=np.nan)  # no face at all
    lines = describe_filter(landmarker, faces=1, frames=30).splitlines()
    assert lines[2] == '| still | all lost | | | | | |'
