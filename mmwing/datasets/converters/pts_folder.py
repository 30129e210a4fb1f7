"""Read a folder of ``.pts`` files beside images of the same name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from mmwing.datasets.formats.archive import RawArchive
from mmwing.datasets.formats.images import ImageFile
from mmwing.datasets.formats.pts import read_pts_or_log

from .converter import Converter
from .face import Face


class PtsConverter(Converter):
    """``RAW/**/x.pts`` beside ``x.jpg`` or ``x.png``; any number of points.

    All faces go into one file. Each is in the subset 'full' and, below a
    sub-folder of RAW, in a subset of that sub-folder's name.
    """

    name = 'pts'
    title = 'folder of .pts files'
    dataset_type = 'Face300WDataset (68 points) or BaseCocoStyleDataset'
    num_keypoints: ClassVar[int | None] = None
    origin = 1
    files = {'all': 'face_landmarks_pts.json'}

    @classmethod
    def evidence(cls, archive: RawArchive) -> str | None:
        """See :meth:`Converter.evidence`."""
        files = archive.find('*.pts')
        return f'{len(files)} .pts files' if files else None

    def faces(self) -> Iterator[Face]:
        """See :meth:`Converter.faces`."""
        for path in self.archive.find('*.pts'):
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
        keypoints = read_pts_or_log(path, self.origin, where, self.log)
        if keypoints is None:
            return
        beside = self.archive.image_beside(path)
        if folder is None:
            folder = self.archive.relative(path.parent)
        face.setdefault('image', ImageFile(beside))
        face.setdefault('file_name', (Path(folder) / beside.name).as_posix())
        yield Face(split=split, keypoints=keypoints, where=where, **face)
