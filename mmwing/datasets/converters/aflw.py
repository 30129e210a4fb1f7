"""Read AFLW: 19 points, lists and splits of ``AFLWinfo_release.mat``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mmwing.datasets.formats.archive import RawArchive
from mmwing.datasets.formats.problems import ArchiveError, Kind, Problem
from mmwing.files import check_regular_file, path_below

from .converter import Converter
from .face import Face
from .sources import ImageFile, require

_INFO = 'AFLWinfo_release.mat'


class AFLWConverter(Converter):
    """``AFLWinfo_release.mat`` (MATLAB v5) and AFLW's folder ``flickr``.

    ``data`` has a row (19 x, 19 y) for each face, ``mask_new`` 1 for a visible
    landmark (the others are annotated too), ``bbox`` (left, right, top,
    bottom). ``ra`` is a permutation, 1-based: its first 20,000 faces are for
    training, the rest is the test set, 'full'; those with every landmark
    visible are 'frontal' (Zhu et al., CVPR 2016).

    The coordinates come from AFLW's own annotation tool and are taken as
    0-based. ``box_size``, by which AFLW errors are normalised, is the square
    root of the box's area.
    """

    name = 'aflw'
    title = 'AFLW'
    dataset_type = 'AFLWDataset'
    num_keypoints = 19
    points_file = 'aflw.py'
    origin = 0
    files = {'train': 'face_landmarks_aflw_train.json',
             'test': 'face_landmarks_aflw_test.json'}
    expected = {'train': 20000, 'test': 4386}
    crop_to_authors_box = True
    face_size = True

    @classmethod
    def evidence(cls, archive: RawArchive) -> str | None:
        """See :meth:`Converter.evidence`."""
        return _INFO if archive.find(_INFO) else None

    def faces(self) -> Iterator[Face]:
        """See :meth:`Converter.faces`."""
        path = self.archive.only(_INFO)
        assert path is not None  # the evidence
        info = self._info(path)
        order = info['ra'].ravel().astype(int) - 1
        points = info['data'].astype(np.float64)
        names = [str(entry.ravel()[0]) for entry in info['nameList'].ravel()]
        images = self.archive.folder_with(names, 'flickr')
        if images is None:
            raise ArchiveError(
                f'partial archive: {self.archive.root} holds {_INFO}, but none of the '
                f'images that it names (for example {names[0]}); unpack '
                f'aflw-images-{{0,2,3}}.tar.gz beside it')
        for rank, index in enumerate(order):
            left, right, top, bottom = (info['bbox'][index].astype(np.float64)
                                        - self.origin)
            visible = info['mask_new'][index] == 1
            test = rank >= self.expected['train']
            frontal = ('frontal',) if visible.all() else ()
            where = f'{self.archive.relative(path)}: face {index + 1}'
            try:
                image = path_below(images, names[index])
            except ValueError as error:
                self.log.add(Problem(Kind.UNREADABLE_ANNOTATION, where, str(error)))
                continue
            name = image.relative_to(images).as_posix()
            yield Face(
                image=ImageFile(image), file_name=f'flickr/{name}',
                split='test' if test else 'train',
                keypoints=points[index].reshape(2, -1).T - self.origin,
                where=where, visibility=1 + visible.astype(int),
                box=(left, top, right - left, bottom - top),
                subsets=('full', *frontal) if test else ())

    def _info(self, path: Path) -> dict[str, np.ndarray]:
        """The variables of the file, checked for shape."""
        loadmat = require('scipy.io', 'MATLAB v5 files').loadmat
        try:
            check_regular_file(path)
            info = loadmat(path)
        # A damaged .mat makes scipy raise whatever its parser stumbles upon.
        except Exception as error:
            raise ArchiveError(f'{path} is no MATLAB v5 file, or it is cut off '
                               f'({error})') from error
        columns = {'data': 2 * self.num_keypoints, 'mask_new': self.num_keypoints,
                   'bbox': 4}
        missing = [key for key in (*columns, 'nameList', 'ra') if key not in info]
        if missing:
            raise ArchiveError(f'{path} has no variable {", ".join(missing)}')
        faces = info['nameList'].size
        for key, width in columns.items():
            if info[key].shape != (faces, width):
                raise ArchiveError(f'{path}: {key} has shape {info[key].shape}, '
                                   f'expected {(faces, width)}')
        if sorted(info['ra'].ravel().tolist()) != list(range(1, faces + 1)):
            raise ArchiveError(f'{path}: ra is not a permutation of 1 to {faces}')
        return info
