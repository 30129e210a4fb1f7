"""Data set of a user's own faces with any number of landmarks."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike, fspath

import numpy as np
from mmengine.logging import MMLogger
from mmpose.datasets.datasets.base import BaseCocoStyleDataset

from mmwing.arguments import check_count, check_flags
from mmwing.datasets.checks.corner_boxes import corner_box_problems
from mmwing.datasets.checks.crowds import crowd_problems
from mmwing.datasets.formats.boxes import landmark_box
from mmwing.datasets.formats.coco_json import LARGEST_COORDINATE
from mmwing.datasets.formats.landmark_files import read_landmarks
from mmwing.datasets.formats.points_file import (
    declared_names,
    pose_metainfo,
    read_points_file,
)
from mmwing.datasets.formats.problems import ProblemLog
from mmwing.datasets.formats.records import LandmarkRecord
from mmwing.registry import DATASETS

from .indices import check_indices


@DATASETS.register_module()
class FaceLandmarkDataset(BaseCocoStyleDataset):
    """Faces with any number of points, from JSON, CSV or ``.pts`` files.

    See :func:`mmwing.datasets.formats.landmark_files.read_landmarks` for the formats.
    ``mmwing check`` finds what is wrong with the files beforehand.

    A sample has the fields of MMPose's face data sets: ``bbox`` (1, 4) as x1, y1,
    x2, y2, the annotated box, or the tight box around the points; ``keypoints``
    (1, K, 2) float32 in pixels, 0-based pixel centres; ``keypoints_visible`` (1, K),
    1 where annotated, hidden or not, and 0 elsewhere (there the coordinate is 0).
    Unlike MMPose's ``BaseCocoStyleDataset`` it does not clip boxes to the image, which
    would move the centres of faces at the border. Faces without an annotated point
    and crowds are left out, and their number is logged.

    Args:
        ann_file (str | PathLike): A ``.json``, a ``.csv``, or a folder of images and
            ``.pts``. A relative one starts from ``data_root``, as in MMPose.
        metainfo (dict): What the points are: ``dict(from_file='points.yaml')``
            (relative to the working directory or to ``data_root``), or the content of
            such a file; see :func:`mmwing.datasets.formats.points_file.pose_metainfo`.
        data_root (str | PathLike, optional): As in MMPose.
        data_prefix (dict): ``img`` is the folder that image names start from. Without
            it and ``data_root`` it is the folder of ``ann_file``.
        origin (int, optional): Coordinate of the first pixel's centre in the
            annotations; default: 1 for ``.pts``, otherwise 0.
        category (str, optional): Name of the category of the faces, in a JSON file with
            several; default: ``face``.
        landmark_box (bool): Take the tight box around the points even where a box is
            annotated. Defaults to ``False``.
        data_mode (str): Only ``'topdown'``.
        **kwargs: The other arguments of ``BaseCocoStyleDataset``, except
            ``bbox_file``.

    Raises:
        TypeError: If an argument has another type.
        ValueError: If an argument does not fit, a face cannot be read or has another
            number of points than ``metainfo``; the message names file and entry.
        FileNotFoundError: If annotations or points file do not exist.
    """

    def __init__(self, ann_file: str | PathLike = '', metainfo: dict | None = None,
                 data_root: str | PathLike | None = None,
                 data_prefix: Mapping | None = None,
                 origin: int | None = None, category: str | None = None,
                 landmark_box: bool = False, data_mode: str = 'topdown',
                 **kwargs) -> None:
        if data_mode != 'topdown':
            raise ValueError("data_mode must be 'topdown': a sample is one face; got "
                             f'{data_mode!r}')
        if kwargs.get('bbox_file'):
            raise ValueError('bbox_file is not supported: boxes come from ann_file')
        if metainfo is not None and not isinstance(metainfo, Mapping):
            file = str(metainfo) if isinstance(metainfo, (str, PathLike)) else (
                'points.yaml')
            raise TypeError(f'metainfo must be a dict, such as dict(from_file={file!r})'
                            f'; got {metainfo!r}')
        if data_prefix is not None and not isinstance(data_prefix, Mapping):
            raise TypeError("data_prefix must be a dict, such as dict(img='images/'); "
                            f'got {data_prefix!r}')
        check_count('sample_interval', kwargs.get('sample_interval', 1))
        check_flags(landmark_box=landmark_box)
        check_indices(kwargs.get('indices'))
        data_root = None if data_root is None else _path('data_root', data_root)
        self.origin = origin
        self.category = category
        self.landmark_box = landmark_box
        # Resolved here, because only an instance knows the data root.
        if metainfo and 'from_file' in metainfo:
            metainfo = read_points_file(metainfo['from_file'], data_root)
        super().__init__(
            ann_file=_path('ann_file', ann_file), metainfo=metainfo,
            data_root=data_root,
            data_prefix={key: _path(f'data_prefix[{key!r}]', prefix)
                         for key, prefix in (data_prefix or {'img': ''}).items()},
            data_mode=data_mode, **kwargs)

    @classmethod
    def _load_metainfo(cls, metainfo: dict | None = None) -> dict:
        if not metainfo:
            raise ValueError(
                "metainfo is needed: dict(from_file='points.yaml'), a file with "
                'num_points and flip_pairs (`mmwing check` proposes pairs)')
        if 'from_file' in metainfo:
            return super()._load_metainfo(read_points_file(metainfo['from_file']))
        return super()._load_metainfo(pose_metainfo(metainfo))

    def load_data_list(self) -> list[dict]:
        """Read the annotations; no image is opened."""
        log = ProblemLog(strict=True)
        records = read_landmarks(
            self.ann_file or self.data_root or '.', self.data_prefix.get('img') or None,
            self.origin, log, category=self.category,
            names=declared_names(list(self.metainfo['keypoint_id2name'].values())))
        logger = MMLogger.get_current_instance()
        for note in log.problems:
            logger.info(str(note))
        for problem in crowd_problems(self.ann_file, records):
            logger.warning(str(problem))
        faces = [record for record in records if not record.is_crowd]
        # `metainfo` is a deep copy, which for each face takes ten times its reading.
        num_points, name = (self._metainfo[key] for key in (
            'num_keypoints', 'dataset_name'))
        for record in faces:
            _check(record, num_points, name)
        self._warn_of_lost_points(faces)
        usable = [record for record in faces if record.visible.any()]
        if not usable:
            raise ValueError(f'{self.ann_file} has no annotated face ({len(records)} '
                             'entries, all without an annotated point or crowds)')
        if len(usable) < len(faces):
            logger.info(f'{self.ann_file}: {len(faces) - len(usable)} of {len(faces)} '
                        'faces have no annotated point; left out')
        if not self.landmark_box:
            for problem in corner_box_problems(self.ann_file, usable):
                logger.warning(str(problem))
        usable = usable[::self.sample_interval][::-1]
        del records, faces
        infos = []
        while usable:  # each record gives its memory to its sample
            infos.append(self._data_info(usable.pop()))
        return infos

    def _warn_of_lost_points(self, records: list[LandmarkRecord]) -> None:
        """Say once that points which are NaN or infinite do not count."""
        lost = [record for record in records
                if ((record.visibility > 0) & ~record.visible).any()]
        if lost:
            MMLogger.get_current_instance().warning(
                f'{self.ann_file}: in {len(lost)} faces, the first of them '
                f'{lost[0].where}, points that are marked as annotated are NaN or '
                'infinite; they count as not annotated')

    def _data_info(self, record: LandmarkRecord) -> dict:
        visible = record.visible
        points = record.keypoints[visible]
        tight = landmark_box(points)
        x, y, width, height = (
            record.box if record.box and not self.landmark_box else tight)
        # Crops take the longer side: the box of two points at one height will do.
        if not np.isfinite([x, y, width, height]).all() or min(
                width, height) < 0 or max(width, height) == 0:
            raise ValueError(
                f'{record.where}: the box is {width:g} x {height:g} pixels; correct it '
                '(`mmwing check` lists all offenders)')
        return {
            'id': record.id,
            'img_id': record.image_id,
            'img_path': record.image_path,
            'category_id': 1,
            'iscrowd': 0,
            'num_keypoints': int(visible.sum()),
            'bbox': np.array([[x, y, x + width, y + height]], np.float32),
            'bbox_score': np.ones(1, np.float32),
            'keypoints': np.where(visible[:, None], record.keypoints,
                                  0)[None].astype(np.float32),
            'keypoints_visible': visible[None].astype(np.float32),
            'raw_ann_info': record.raw}


def _path(name: str, value: object) -> str:
    """The text of a path, which MMEngine needs."""
    if not isinstance(value, (str, PathLike)):
        raise TypeError(f'{name} must be a path, got {value!r}')
    return fspath(value)


def _check(record: LandmarkRecord, num_points: int, name: str) -> None:
    if len(record.keypoints) != num_points:
        raise ValueError(
            f'{record.where} has {len(record.keypoints)} points, but the data '
            f'set {name!r} has {num_points}: correct the entry or the points file '
            '(`mmwing check` lists all offenders)')
    absurd = (np.abs(record.keypoints) > LARGEST_COORDINATE).any(1) & record.visible
    if absurd.any():
        point = int(absurd.argmax())
        raise ValueError(
            f'{record.where}: point {point} is at {record.keypoints[point]}, which '
            'lies in no image; correct it (`mmwing check` lists all offenders)')
