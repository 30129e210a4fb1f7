"""Write the faces of a video, frame after frame, as JSON and CSV."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from mmwing.csv_cells import csv_text
from mmwing.files import replace_file
from mmwing.runtime.face import Face
from mmwing.version import __version__

from .results import face_cells, face_columns, face_entry, find_head_pose, name_of


class VideoResults:
    """Writes a row a face and frame; files are there when the block ends, or not.

    CSV: the columns ``image`` (the video's path), ``frame`` (from 0), ``time`` (in
    seconds) and ``track``, then those of
    :func:`mmwing.inference.results.write_predictions_csv`. JSON: COCO-style as that of
    images, the video as the one image, with ``frame``, ``time`` and ``track`` of each
    annotation.

    Args:
        path: Of the files, without suffix.
        formats: Some of ``'json'`` and ``'csv'``.
        video: Path of the video, for the results.
        model: What was used.
        names: Names of the landmarks.
        num_keypoints: Their number.
        pose_in: Width and height of the frames, if head poses are wanted.

    Raises:
        OSError: If a file cannot be written.
    """

    def __init__(self, path: Path, formats: Sequence[str], video: str, model: str,
                 names: Sequence[str], num_keypoints: int,
                 pose_in: tuple[int, int] | None = None) -> None:
        self._paths = {each: path.with_name(f'{path.name}.{each}')
                       for each in ('json', 'csv') if each in formats}
        self._video, self._model, self._names = video, model, names
        self._pose_in = pose_in
        self._columns = ['image', 'frame', 'time', 'track',
                         *face_columns(num_keypoints, pose_in is not None)]
        self._files: dict[str, IO[str]] = {}
        self._stack = ExitStack()
        self.faces = 0

    def __enter__(self) -> VideoResults:
        with ExitStack() as stack:
            for each, path in self._paths.items():
                draft = stack.enter_context(replace_file(path))
                self._files[each] = stack.enter_context(
                    draft.open('w', encoding='utf-8', newline=''))
            if 'csv' in self._files:
                self._files['csv'].write(csv_text([self._columns]))
            if 'json' in self._files:
                info = {'description': f'Predictions of {self._model}',
                        'version': __version__}
                self._files['json'].write(f'{{"info": {json.dumps(info)},\n'
                                          '"annotations": [')
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> bool | None:
        return self._stack.__exit__(*error)  # type: ignore[arg-type]

    def add(self, frame: int, time: float, faces: Sequence[Face]) -> None:
        """Write the faces of a frame."""
        for face in faces:
            pose = self._pose_in and find_head_pose(face, self._pose_in)
            if 'csv' in self._files:
                self._files['csv'].write(csv_text([[
                    name_of(self._video), frame, f'{time:.3f}', face.track,
                    *face_cells(face, pose)]]))
            if 'json' in self._files:
                entry = {'id': self.faces, 'image_id': 0, 'frame': frame,
                         'time': round(time, 3), 'track': face.track,
                         **face_entry(face, pose)}
                self._files['json'].write((',\n' if self.faces else '\n')
                                          + json.dumps(entry))
            self.faces += 1

    def finish(self, frames: int, frame_rate: float, size: tuple[int, int]) -> None:
        """Write what is known at the end: how many frames there were."""
        if 'json' not in self._files:
            return
        image = {'id': 0, 'file_name': name_of(self._video), 'width': size[0],
                 'height': size[1], 'frames': frames, 'frame_rate': frame_rate}
        category = {'id': 1, 'name': 'face', 'keypoints': list(self._names)}
        self._files['json'].write(f'\n],\n"images": {json.dumps([image])},\n'
                                  f'"categories": {json.dumps([category])}}}\n')
