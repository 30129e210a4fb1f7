"""Predict on a video: follow the faces, write and draw them frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmwing.runtime.boxes import check_boxes
from mmwing.runtime.face import Face
from mmwing.visualization.predicted_faces import draw_predicted_faces

from .box_file import BoxFile
from .contours import contours_of
from .inputs import Input
from .landmarker import FaceLandmarker
from .one_euro_filter import OneEuroFilter
from .tracker import FaceTracker
from .video import Video, write_video
from .video_results import VideoResults

_NO_BOX = np.empty((0, 4), np.float32)


@dataclass(frozen=True)
class PredictedVideo:
    """What came of a video.

    Attributes:
        frames: How many were read.
        faces: Rows that were written, one a face and frame.
        tracks: How many different faces.
        problem: What was missing, if anything.
    """

    frames: int
    faces: int
    tracks: int
    problem: str | None


def predict_video(landmarker: FaceLandmarker, source: Input, out: Path, *,
                  boxes: str | BoxFile, formats: Sequence[str], drawings: bool,
                  smooth: bool, model: str, head_poses: bool,
                  progress: Callable[[Iterable, int], Iterable]) -> PredictedVideo:
    """Follow the faces of a video and write them down.

    Each file is complete or not there. Ctrl-C ends a camera's video, and what was seen
    is written.

    Args:
        landmarker: The model.
        source: A video file or a camera.
        out: Folder of the results: ``videos/NAME.json``, ``videos/NAME.csv``,
            ``drawings/NAME.mp4``.
        boxes: ``'detect'``; ``'whole'``, each frame is the one face; or the boxes of a
            file, see :meth:`BoxFile.find_frames`.
        formats: Some of ``'json'`` and ``'csv'``; others are for images.
        drawings: Whether to draw the faces.
        smooth: Whether landmarks are filtered over time.
        model: What the results call the model.
        head_poses: Whether the results say how heads are turned.
        progress: Wraps an iterable and its length, 0 if that is not known.

    Raises:
        VideoError: If not a frame can be read.
        ValueError: If boxes do not fit.
        OSError: If something cannot be read or written.
    """
    with ExitStack() as stack:
        video = stack.enter_context(Video(
            source.path if source.camera is None else source.camera))
        places = _places(boxes, source.path, video.size)
        tracker = FaceTracker(landmarker, new_filter=OneEuroFilter if smooth else None)
        meta = landmarker.dataset_meta
        contours = contours_of(meta)
        names = meta.get('keypoint_id2name') or {}
        results = stack.enter_context(VideoResults(
            out / 'videos' / source.name, formats, source.path, model,
            [names[index] for index in sorted(names)], int(meta['num_keypoints']),
            video.size if head_poses else None))
        draw = stack.enter_context(write_video(
            out / 'drawings' / f'{source.name}.mp4', video.frame_rate)
            ) if drawings else None
        frames = 0
        tracks: set[int | None] = set()
        try:
            for index, time, frame in progress(video, video.named_frames):
                given = places if isinstance(places, str) else (
                    None if places is None else places.get(index, _NO_BOX))
                faces = tracker(frame, time, given)
                tracks.update(face.track for face in faces)
                results.add(index, time, faces)
                if draw is not None:
                    draw(draw_faces(frame, faces, contours))
                frames = index + 1
        except KeyboardInterrupt:
            if not video.live or not frames:
                raise
        results.finish(frames, video.frame_rate, video.size)
        problem = video.problem
        if problem is None and isinstance(places, dict) and max(places) >= frames:
            problem = (f'the file of boxes has some for frame {max(places)}, but there '
                       f'are frames 0 to {frames - 1}')
        return PredictedVideo(frames, results.faces, len(tracks), problem)


def _places(boxes: str | BoxFile, path: str, size: tuple[int, int]
            ) -> str | dict[int, np.ndarray] | None:
    """Boxes of the frames that have some, all checked; ``'whole'``; None to detect."""
    if not isinstance(boxes, BoxFile):
        return None if boxes == 'detect' else boxes
    places = boxes.find_frames(path)
    if not places:
        raise ValueError(f'no box in {boxes.path}')
    for frame, found in places.items():
        try:
            check_boxes(found, *size)
        except ValueError as error:
            raise ValueError(f'frame {frame}: {error}') from None
    return places


def draw_faces(image: np.ndarray, faces: Sequence[Face],
               contours: Sequence[Sequence[int]]) -> np.ndarray:
    """Faces in their image, with the number of each and the detector's score."""
    return draw_predicted_faces(
        image, [face.keypoints for face in faces], [face.box for face in faces],
        [face.scores for face in faces], [_caption(face) for face in faces], contours)


def _caption(face: Face) -> str:
    parts = [] if face.track is None else [f'#{face.track}']
    if not np.isnan(face.score):
        parts.append(f'{face.score:.2f}')
    return ' '.join(parts)
