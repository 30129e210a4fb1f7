"""Read WFLW: text lists of 98 points, a box and six attribute flags."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mmwing.datasets.formats.archive import RawArchive
from mmwing.datasets.formats.numbers import parse_number
from mmwing.datasets.formats.problems import ArchiveError, Kind, Problem
from mmwing.files import path_below, read_bytes

from .converter import Converter
from .face import Face
from .sources import ImageFile

#: The attribute flags, in the order of the list files' columns.
ATTRIBUTES = ('pose', 'expression', 'illumination', 'make-up', 'occlusion', 'blur')

_LIST = 'list_98pt_rect_attr_{}.txt'


class WFLWConverter(Converter):
    """``list_98pt_rect_attr_{train,test}.txt`` and the folder ``WFLW_images``.

    A line holds 196 coordinates, the box's corners x0 y0 x1 y1, six flags and
    the image's name. Each face is in the subset 'full' and in those of its
    flags.
    """

    name = 'wflw'
    title = 'WFLW'
    dataset_type = 'WFLWDataset'
    num_keypoints = 98
    points_file = 'wflw.py'
    origin = 0
    files = {'train': 'face_landmarks_wflw_train.json',
             'test': 'face_landmarks_wflw_test.json'}
    expected = {'train': 7500, 'test': 2500}

    @classmethod
    def evidence(cls, archive: RawArchive) -> str | None:
        """See :meth:`Converter.evidence`."""
        lists = archive.find(_LIST.format('*'))
        return ', '.join(path.name for path in lists) or None

    def faces(self) -> Iterator[Face]:
        """See :meth:`Converter.faces`."""
        lists = [(split, path) for split in self.files
                 if (path := self.archive.only(_LIST.format(split))) is not None]
        lines = {split: read_bytes(path).decode('latin-1').splitlines()
                 for split, path in lists}
        names = [line.split()[-1] for split in lines for line in lines[split]
                 if line.strip()]
        images = self.archive.folder_with(names, 'WFLW_images')
        if images is None:
            raise ArchiveError(
                f'partial archive: {self.archive.root} holds the lists of WFLW, but '
                f'none of the images that they name (for example '
                f'{names[0] if names else "none at all"}); unpack WFLW_images beside '
                f'them')
        for split, path in lists:
            for number, line in enumerate(lines[split], 1):
                if line.strip():
                    yield from self._face(
                        line, split, f'{self.archive.relative(path)}:{number}', images)

    def _face(self, line: str, split: str, where: str,
              images: Path) -> Iterator[Face]:
        *numbers, name = line.split()
        values = 2 * self.num_keypoints + 4 + len(ATTRIBUTES)
        if len(numbers) != values:
            self.log.add(Problem(Kind.POINT_COUNT, where,
                                 f'{len(numbers)} numbers before the image name, '
                                 f'expected {values}'))
            return
        try:
            row = np.array([parse_number(number) for number in numbers])
            image = path_below(images, name)
        except ValueError as error:
            self.log.add(Problem(Kind.UNREADABLE_ANNOTATION, where, str(error)))
            return
        points, rect, flags = np.split(row, [2 * self.num_keypoints,
                                             2 * self.num_keypoints + 4])
        if not np.isin(flags, (0, 1)).all():
            self.log.add(Problem(Kind.UNREADABLE_ANNOTATION, where,
                                 f'attribute flags are {flags.tolist()}, not 0 or 1'))
            return
        x0, y0, x1, y1 = rect - np.tile(self.origin, 4)
        attributes = dict(zip(ATTRIBUTES, flags.astype(int).tolist(), strict=True))
        yield Face(
            image=ImageFile(image), split=split,
            file_name=image.relative_to(images).as_posix(),
            keypoints=points.reshape(-1, 2) - self.origin, where=where,
            box=(x0, y0, x1 - x0, y1 - y0), attributes=attributes,
            subsets=('full', *(key for key, flag in attributes.items() if flag)))
