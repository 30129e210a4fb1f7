"""Read 300-W: ``.pts`` files of AFW, HELEN, LFPW, IBUG and the 2013 test set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mmwing.datasets.formats.archive import RawArchive
from mmwing.datasets.formats.boxes import Box
from mmwing.datasets.formats.problems import Kind, Problem
from mmwing.files import check_regular_file

from .face import Face
from .pts_folder import PtsConverter
from .sources import require


class _Part(NamedTuple):
    """One folder of 300-W: where it goes and what it counts as."""

    folder: str
    split: str
    subsets: tuple[str, ...]
    output: str
    boxes: str | None


# The literature's protocol: common = HELEN and LFPW test sets, challenging =
# IBUG, full = both; the 2013 test set (indoor, outdoor) stands apart.
_PARTS = (
    _Part('afw', 'train', ('afw',), 'afw', 'bounding_boxes_afw.mat'),
    _Part('helen/trainset', 'train', ('helen',), 'helen/trainset',
          'bounding_boxes_helen_trainset.mat'),
    _Part('lfpw/trainset', 'train', ('lfpw',), 'lfpw/trainset',
          'bounding_boxes_lfpw_trainset.mat'),
    _Part('helen/testset', 'valid', ('full', 'common'), 'helen/testset',
          'bounding_boxes_helen_testset.mat'),
    _Part('lfpw/testset', 'valid', ('full', 'common'), 'lfpw/testset',
          'bounding_boxes_lfpw_testset.mat'),
    _Part('ibug', 'valid', ('full', 'challenging'), 'ibug',
          'bounding_boxes_ibug.mat'),
    _Part('01_indoor', 'test', ('full', 'indoor'), 'Test/01_Indoor', None),
    _Part('02_outdoor', 'test', ('full', 'outdoor'), 'Test/02_Outdoor', None),
)


def _part_of(folder: Path) -> _Part | None:
    path = '/' + folder.as_posix().lower()
    return next((part for part in _PARTS if path.endswith('/' + part.folder)), None)


def _key(file_name: str) -> str:
    """What an image's name and its box's name share: IBUG's differ in a blank."""
    return Path(file_name).stem.replace(' ', '').lower()


class W300Converter(PtsConverter):
    """``afw``, ``helen/{train,test}set``, ``lfpw/{train,test}set``, ``ibug`` and
    ``01_Indoor``, ``02_Outdoor`` anywhere below RAW.

    Detector boxes are taken from ``bounding_boxes_*.mat`` (MATLAB v5) where
    these files are present.
    """

    name = '300w'
    title = '300-W'
    dataset_type = 'Face300WDataset'
    num_keypoints = 68
    points_file = '300w.py'
    files = {'train': 'face_landmarks_300w_train.json',
             'valid': 'face_landmarks_300w_valid.json',
             'test': 'face_landmarks_300w_test.json'}
    expected = {'train': 3148, 'valid': 689, 'test': 600}

    @classmethod
    def evidence(cls, archive: RawArchive) -> str | None:
        """See :meth:`Converter.evidence`."""
        parts = [part.output for part in _PARTS
                 if any(_part_of(path.parent) is part
                        for path in archive.find('*.pts'))]
        return f'.pts files in {", ".join(parts)}' if parts else None

    def faces(self) -> Iterator[Face]:
        """See :meth:`Converter.faces`."""
        boxes = {part.folder: self._detector_boxes(part) for part in _PARTS}
        for path in self.archive.find('*.pts'):
            part = _part_of(path.parent)
            if part is None:
                self.log.add(Problem(
                    Kind.FOREIGN, self.archive.relative(path),
                    'lies in no folder of 300-W (afw, helen/trainset, ...)'))
                continue
            yield from self.read(path, part.split, folder=part.output,
                                 subsets=part.subsets,
                                 box=boxes[part.folder].get(_key(path.name)))

    def _detector_boxes(self, part: _Part) -> dict[str, Box]:
        """Boxes by :func:`_key`; none where the authors' file is not there."""
        found = self.archive.only(part.boxes) if part.boxes else None
        if found is None:
            return {}
        loadmat = require('scipy.io', 'MATLAB v5 files').loadmat
        try:
            check_regular_file(found)
            cells = loadmat(found)['bounding_boxes'][0]
            boxes = {}
            for cell in cells:
                entry = cell[0, 0]
                x0, y0, x1, y1 = entry['bb_detector'].ravel()[:4].astype(float)
                name = str(entry['imgName'].ravel()[0])
                boxes[_key(name)] = (x0 - self.origin, y0 - self.origin,
                                     x1 - x0, y1 - y0)
        # A damaged .mat makes scipy raise whatever its parser stumbles upon.
        except Exception as error:
            self.log.add(Problem(Kind.UNREADABLE_ANNOTATION,
                                 self.archive.relative(found), str(error)))
            return {}
        return boxes
