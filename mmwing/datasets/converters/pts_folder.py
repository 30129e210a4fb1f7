"""Read a folder of ``.pts`` files beside images of the same name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from mmwing.datasets.formats.archive import RawArchive
from mmwing.datasets.formats.problems import Kind, Problem, ProblemLog
from mmwing.datasets.formats.pts import (
    PtsFile,
    note_form_of_pts,
    parse_pts_or_log,
    signs_mark_hidden_points,
    split_signs,
)

from .converter import Converter
from .face import Face
from .sources import ImageFile


class PtsConverter(Converter):
    """``RAW/**/x.pts`` beside ``x.jpg`` or ``x.png``; any number of points.

    All faces go into one file. Each is in the subset 'full' and, below a
    sub-folder of RAW, in a subset of that sub-folder's name. Where the signs mark
    hidden points, as in MERL-RAV, they become the visibility.
    """

    name = 'pts'
    title = 'a folder of .pts files'
    dataset_type = 'Face300WDataset (68 points) or BaseCocoStyleDataset'
    num_keypoints: ClassVar[int | None] = None
    origin = 1
    files = {'all': 'face_landmarks_pts.json'}

    def __init__(self, archive: RawArchive, log: ProblemLog,
                 origin: int | None = None) -> None:
        super().__init__(archive, log, origin)
        self._parsed: dict[Path, PtsFile] = {}
        self._signs = False

    @classmethod
    def evidence(cls, archive: RawArchive) -> str | None:
        """See :meth:`Converter.evidence`."""
        files = archive.find('*.pts')
        return f'{len(files)} .pts files' if files else None

    def faces(self) -> Iterator[Face]:
        """See :meth:`Converter.faces`."""
        paths = [path for path in self.archive.find('*.pts') if self._parse(path)]
        self._signs = signs_mark_hidden_points(
            [file.values for file in self._parsed.values()])
        for path in paths:
            folders = path.relative_to(self.archive.root).parent.parts
            yield from self.read(path, 'all', subsets=('full', *folders[:1]))

    def read(self, path: Path, split: str, *, folder: str | None = None,
             **face) -> Iterator[Face]:
        """The face in one ``.pts`` file, or none if it cannot be read.

        Args:
            path: The file.
            split: The split of the face.
            folder: Folder of the image below ``OUT/images``; the file's own
                below RAW if None.
            **face: More attributes of :class:`Face`; an ``image`` replaces the
                one beside the file.
        """
        where = self.archive.relative(path)
        file = self._parse(path)
        if file is None:
            return
        keypoints = file.values
        if self._signs:
            keypoints, face['visibility'] = split_signs(keypoints)
        if 'image' not in face:
            try:
                beside = self.archive.image_beside(path)
            except ValueError as error:
                self.log.add(Problem(Kind.UNREADABLE_ANNOTATION, where, str(error)))
                return
            if folder is None:
                folder = self.archive.relative(path.parent)
            face['image'] = ImageFile(beside)
            face['file_name'] = (Path(folder) / beside.name).as_posix()
        yield Face(split=split, keypoints=keypoints - self.origin, where=where, **face)

    def _parse(self, path: Path) -> PtsFile | None:
        if path not in self._parsed:
            file = parse_pts_or_log(path, self.archive.relative(path), self.log)
            if file is None:
                return None
            self._parsed[path] = file
        return self._parsed[path]

    def report_missing(self, found: dict[str, int]) -> None:
        """See :meth:`Converter.report_missing`."""
        super().report_missing(found)
        note_form_of_pts(str(self.archive.root), self._parsed, self._signs, self.log)
