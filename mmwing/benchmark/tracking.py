"""Measure what the filter does to faces in videos: painted ones, with known truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import cv2
import numpy as np
from scipy.optimize import minimize_scalar

from mmwing.datasets.face.painter import paint_face
from mmwing.geometry import transform_points
from mmwing.inference import FaceTracker, OneEuroFilter
from mmwing.runtime.landmarker import Landmarker

FRAME_RATE = 25
_CANVAS = 256
_FRAME_SIZE = (640, 360)

#: Motion -> where a face is at a time: moved by (x, y) in its sides, turned by radians
#: in the plane, and grown. The periods are of 2 to 4 s.
MOTIONS: dict[str, Callable[[float], tuple[float, float, float, float]]] = {
    'still': lambda time: (0., 0., 0., 1.),
    'slow': lambda time: (0.25 * np.sin(np.pi / 2 * time), 0., 0., 1.),
    'fast': lambda time: (0.8 * np.sin(np.pi * time), 0.1 * np.sin(2 * np.pi * time),
                          0., 1.),
    'tilting': lambda time: (0., 0., 0.2 * np.sin(np.pi * time),
                             1 + 0.15 * np.sin(np.pi / 2 * time))}


@dataclass(frozen=True, eq=False)
class PaintedVideo:
    """A painted face that moves as a whole, before its continued background.

    Args:
        index: Which face.
        motion: One of :data:`MOTIONS`.
        noise: Standard deviation of each frame's noise, in grey levels.
        seed: Of the faces and the noise.
    """

    index: int
    motion: str
    noise: float = 6.
    seed: int = 0

    def landmarks(self, time: float) -> np.ndarray:
        """The true landmarks (68, 2) at a time in seconds, in pixels."""
        return transform_points(self._transform(time), self._painted[1])

    def frame(self, time: float) -> np.ndarray:
        """The frame (H, W, 3) uint8, BGR."""
        frame = cv2.warpAffine(self._painted[0], self._transform(time), _FRAME_SIZE,
                               flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        rng = np.random.default_rng([self.seed, self.index, round(time * 1e6)])
        noise = rng.normal(0, self.noise, frame.shape)
        return np.clip(frame + noise + 0.5, 0, 255).astype(np.uint8)

    @cached_property
    def _painted(self) -> tuple[np.ndarray, np.ndarray]:
        return paint_face(self.seed, self.index, _CANVAS)

    def _transform(self, time: float) -> np.ndarray:
        points = self._painted[1]
        middle = (points.min(0) + points.max(0)) / 2
        side = np.ptp(points, axis=0).max()
        x, y, angle, growth = MOTIONS[self.motion](time)
        turned = growth * np.array([[np.cos(angle), -np.sin(angle)],
                                    [np.sin(angle), np.cos(angle)]])
        place = np.array(_FRAME_SIZE) / 2 + side * np.array([x, y])
        return np.column_stack([turned, place - turned @ middle])


class Steadiness(NamedTuple):
    """How landmarks keep up with a face; without the mean error of each landmark.

    Attributes:
        jitter: Root mean square of the distance from the truth, in sides of the face,
            when the lag is made up for.
        lag: The shift in frames at which landmarks agree best with the truth; NaN for
            a face at rest.
        error: Mean distance from the truth as it is, in sides of the face.
    """

    jitter: float
    lag: float
    error: float


def follow_painted(landmarker: Landmarker, video: PaintedVideo,
                   frames: int) -> np.ndarray:
    """Landmarks (T, 68, 2) of a painted video, not smoothed; NaN where it was lost.

    Args:
        landmarker: The model. The true box is given in each tenth frame, as often as
            the tracker asks a detector; none is needed.
        video: The video.
        frames: How many frames, T.
    """
    tracker = FaceTracker(landmarker, new_filter=None)
    followed = np.full((frames, 68, 2), np.nan, np.float32)
    for index in range(frames):
        time = index / FRAME_RATE
        true = video.landmarks(time)
        box = np.concatenate([true.min(0), true.max(0)])
        faces = tracker(video.frame(time), time,
                        [] if index % tracker.detect_every else [box])
        if faces:
            followed[index] = faces[0].keypoints
    return followed


def smoothed(followed: np.ndarray, smooth: OneEuroFilter) -> np.ndarray:
    """What the tracker makes of landmarks (T, K, 2) with a filter."""
    return np.array([
        smooth(points, index / FRAME_RATE, float(np.ptp(points, axis=0).max()))
        for index, points in enumerate(followed)])


def measure_steadiness(followed: np.ndarray, video: PaintedVideo,
                       warm_up: int = 10) -> Steadiness:
    """Compare landmarks of a painted video with the truth.

    Args:
        followed: (T, 68, 2), one a frame.
        video: The video.
        warm_up: Frames at the beginning that do not count.
    """
    times = np.arange(warm_up, len(followed)) / FRAME_RATE
    found = followed[warm_up:]

    def truth(lag: float) -> np.ndarray:
        return np.array([video.landmarks(time - lag / FRAME_RATE) for time in times])

    def spread(lag: float) -> float:
        difference = found - truth(lag)
        difference = difference - difference.mean(0)
        return float(np.sqrt((difference**2).sum(2).mean()))

    true = truth(0)
    side = float(np.ptp(true, axis=1).max(1).mean())
    lag = float('nan') if video.motion == 'still' else float(
        minimize_scalar(spread, bounds=(-3, 10), method='bounded',
                        options={'xatol': 0.01}).x)
    error = float(np.linalg.norm(found - true, axis=2).mean())
    return Steadiness(spread(0 if np.isnan(lag) else lag) / side, lag, error / side)


def describe_filter(landmarker: Landmarker, faces: int = 2, frames: int = 50,
                    seed: int = 0, smooth: Callable[[], OneEuroFilter] = OneEuroFilter
                    ) -> str:
    """Jitter, lag and error with and without a filter, a row a motion.

    Args:
        landmarker: The model.
        faces: Painted faces for each motion.
        frames: Frames of each video, at 25 a second.
        seed: Of faces and noise.
        smooth: Makes the filter.

    Returns:
        A table in Markdown: per cent of the face's longer side, and frames; means over
        faces.
    """
    rows = ['| motion | jitter, % | filtered | lag, frames | filtered | error, % | '
            'filtered |', '|---|---|---|---|---|---|---|']
    for motion in MOTIONS:
        results = []
        lost = 0
        for index in range(faces):
            video = PaintedVideo(index, motion, seed=seed)
            followed = follow_painted(landmarker, video, frames)
            if np.isnan(followed).any():
                lost += 1
                continue
            results.append([measure_steadiness(each, video)
                            for each in (followed, smoothed(followed, smooth()))])
        if not results:
            rows.append(f'| {motion} | all lost | | | | | |')
            continue
        raw, filtered = np.mean(results, axis=0) * [100, 1, 100]
        cells = [f'{value:.2f}' if np.isfinite(value) else '' for value in
                 np.column_stack([raw, filtered]).ravel()]
        rows.append(f'| {motion}{f", {lost} lost" if lost else ""} | '
                    + ' | '.join(cells) + ' |')
    return '\n'.join(rows)
