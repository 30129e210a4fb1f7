"""One face with its landmarks, as landmarkers return it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Face:
    """A face and its K landmarks.

    Attributes:
        keypoints: Landmarks (K, 2), float32: x and y in pixels of the image, where
            (0, 0) is the centre of the first pixel. They may lie outside of the image.
        scores: Confidence of each landmark (K,), float32, in [0, 1]. NaN where the
            model has none; plain regression of coordinates has none. Of heads with
            ``confidence`` it is the probability that the landmark is off by at most 5 %
            of the crop's side.
        box: The box (4,), float32, that the landmarks were looked for in: x1, y1, x2,
            y2 in pixels. Given back as ``boxes``, it yields the same landmarks.
        score: Confidence of the detector, in [0, 1]; NaN for a box that was given.
        track: In a video, the number of the face, from 1: the same in each frame
            (:class:`mmwing.FaceTracker`). None elsewhere.
    """

    keypoints: np.ndarray
    scores: np.ndarray
    box: np.ndarray
    score: float = float('nan')
    track: int | None = None

    @property
    def landmark_score(self) -> float:
        """Mean of the landmarks' scores: low where there is no face in the box."""
        return float(self.scores.mean())
