"""Read COFW: MATLAB v7.3 files with images, 29 points, occlusion and boxes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mmwing.datasets.formats.archive import RawArchive
from mmwing.datasets.formats.problems import ArchiveError
from mmwing.files import check_regular_file

from .converter import Converter
from .face import Face
from .sources import MatImage, require

# Names of the variables: images, landmarks with occlusion, boxes.
_VARIABLES = {'train': ('IsTr', 'phisTr', 'bboxesTr'),
              'test': ('IsT', 'phisT', 'bboxesT')}


class COFWConverter(Converter):
    """``COFW_{train,test}_color.mat``.

    ``phis`` has a row (29 x, 29 y, 29 occlusion flags) for each face, 1-based
    as MATLAB counts. Boxes are (x, y, w, h). The images, which are inside the
    files, are written out without loss. Unlike MMPose's script, landmarks
    beyond the left or upper border stay where they are.
    """

    name = 'cofw'
    title = 'COFW'
    dataset_type = 'COFWDataset'
    num_keypoints = 29
    points_file = 'cofw.py'
    origin = 1
    files = {'train': 'cofw_train.json', 'test': 'cofw_test.json'}
    expected = {'train': 1345, 'test': 507}
    crop_to_authors_box = True

    @classmethod
    def evidence(cls, archive: RawArchive) -> str | None:
        """See :meth:`Converter.evidence`."""
        found = archive.find('COFW_*_color.mat')
        return ', '.join(path.name for path in found) or None

    def faces(self) -> Iterator[Face]:
        """See :meth:`Converter.faces`."""
        for split in self.files:
            path = self.archive.only(f'COFW_{split}_color.mat')
            if path is not None:
                yield from self._faces(path, split)

    def _faces(self, path: Path, split: str) -> Iterator[Face]:
        cell, landmarks, boxes = _VARIABLES[split]
        # h5py sees MATLAB's matrices transposed.
        phis, bboxes = self._matrices(path, (landmarks, boxes))
        if len(phis) != len(bboxes):
            raise ArchiveError(f'{path}: {landmarks} has {len(phis)} rows, {boxes} '
                               f'{len(bboxes)}; the file is damaged')
        name = self.archive.relative(path)
        for index, (row, box) in enumerate(zip(phis, bboxes, strict=True)):
            x, y, occluded = row.reshape(3, -1)
            bx, by, bw, bh = box - (self.origin, self.origin, 0, 0)
            yield Face(
                image=MatImage(path, cell, index),
                file_name=f'{split}/{index + 1:06d}.png', split=split,
                keypoints=np.stack([x, y], axis=1) - self.origin,
                where=f'{name}: face {index + 1}',
                visibility=2 - (occluded != 0).astype(int),
                box=(bx, by, bw, bh), subsets=('full',))

    def _matrices(self, path: Path, names: tuple[str, ...]) -> list[np.ndarray]:
        """Variables of a v7.3 file as float64, rows first."""
        h5py = require('h5py', 'MATLAB v7.3 files')
        try:
            check_regular_file(path)
            with h5py.File(path, 'r') as mat:
                missing = [name for name in names if name not in mat]
                if missing:
                    raise ArchiveError(f'{path} has no variable {", ".join(missing)}; '
                                       f'it has {", ".join(mat)}')
                arrays = [np.asarray(mat[name], dtype=np.float64).T for name in names]
        except ArchiveError:
            raise
        # A damaged file makes h5py raise whatever it stumbles upon.
        except Exception as error:
            raise ArchiveError(f'{path} is no MATLAB v7.3 file, or it is cut off '
                               f'({error}); unpack COFW_color.zip anew') from error
        for name, array, width in zip(names, arrays, (3 * self.num_keypoints, 4),
                                      strict=True):
            if array.ndim != 2 or array.shape[1] != width:
                raise ArchiveError(f'{path}: {name} has rows of shape '
                                   f'{array.shape[1:]}, expected ({width},)')
        return arrays
