"""Check a user's own landmarks before training."""

from __future__ import annotations

import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from mmwing.datasets.formats.boxes import landmark_box
from mmwing.datasets.formats.landmark_files import read_landmarks
from mmwing.datasets.formats.points_file import declared_names, read_points_file
from mmwing.datasets.formats.problems import Kind, Problem, ProblemLog
from mmwing.datasets.formats.records import LandmarkRecord
from mmwing.files import printable
from mmwing.geometry import (
    align,
    flip_residuals,
    mean_shape,
    mirror_partners,
    odd_point,
)
from mmwing.images import (
    ImageError,
    MissingImageError,
    decode_image,
    is_turned,
    read_image,
    read_image_file,
)
from mmwing.visualization import draw_numbered_sheet

#: With these, training stops or learns what is wrong; the others are to be looked at.
BROKEN = frozenset({
    Kind.MISSING_IMAGE, Kind.UNREADABLE_IMAGE, Kind.UNREADABLE_ANNOTATION,
    Kind.POINT_COUNT, Kind.EMPTY_BOX, Kind.OUTSIDE, Kind.RANGE, Kind.FLIP_PAIRS})

# In units of the mean shape's size (root mean square distance from its centre). On
# 300-W right pairs stay below 0.03, exchanged neighbours on the chin reach 0.35, and
# no point of a face, however turned, is further than 1 from the mean shape's.
_PAIR_TOLERANCE = 0.15
_ANY_PAIRS_TOLERANCE = 0.5
_POINT_TOLERANCE = 1.25
# Fewer faces are turned to one side on average, and so is their mean.
_FACES_FOR_PAIRS = 10
_FACES_FOR_SHAPES = 10

# A box this many times as long as the landmarks' is more likely x1, y1, x2, y2.
_LONGEST_BOX = 4


@dataclass
class CheckReport:
    """What :func:`check_landmarks` found.

    Attributes:
        files: What was read.
        records: The faces that could be read, in order.
        num_points: The K that they should have.
        problems: Everything that is broken or looks it, in order.
        mean_shape: Shape (K, 2), unit size; None without a face of K points.
        flip_indices: Those of the points file, shape (K,); None without one.
        links: Pairs of points that drawings join.
        proposal: Flip pairs by geometry, where none are declared or they disagree.
    """

    files: list[str]
    records: list[LandmarkRecord]
    num_points: int
    problems: list[Problem]
    mean_shape: np.ndarray | None = None
    flip_indices: np.ndarray | None = None
    links: list[tuple[int, int]] = field(default_factory=list)
    proposal: list[tuple[int, int]] | None = None

    @property
    def broken(self) -> bool:
        """Whether something must be corrected before training."""
        return any(problem.kind in BROKEN for problem in self.problems)

    def text(self, limit: int | None = 10) -> str:
        """The report to be printed.

        Args:
            limit: How many offenders of each kind are named; None names all.
        """
        return '\n'.join([*self._summary(), *self._findings(limit),
                          *self._proposed()])

    def __str__(self) -> str:
        return self.text()

    def _summary(self) -> Iterator[str]:
        images = len({record.image_path for record in self.records})
        yield (f'{", ".join(self.files)}: {len(self.records)} faces in {images} '
               f'images, {self.num_points} points')
        faces = [record for record in self.records
                 if len(record.keypoints) == self.num_points]
        known = [record.visible for record in faces]
        if not np.any(known):
            return
        sides = [max(landmark_box(record.keypoints[visible])[2:])
                 for record, visible in zip(faces, known, strict=True)
                 if visible.any()]
        low, middle, high = np.percentile(sides, [0, 50, 100])
        share = f'{100 * np.mean(known):.2f}'.rstrip('0').rstrip('.')
        yield (f'annotated: {share} % of the points; longer side of the landmark box: '
               f'{low:.0f} to {high:.0f} pixels, median {middle:.0f}')

    def _findings(self, limit: int | None) -> Iterator[str]:
        by_kind = defaultdict(list)
        for problem in self.problems:
            by_kind[problem.kind].append(problem)
        for title, broken in (('broken, to be corrected:', True),
                              ('to be looked at:', False)):
            kinds = [kind for kind in by_kind if (kind in BROKEN) is broken]
            if kinds:
                yield title
            for kind in kinds:
                problems = by_kind[kind]
                yield f'  {kind.value}: {len(problems)}'
                yield from (printable(f'    {problem.where}: {problem.detail}')
                            for problem in islice(problems, limit))
                if limit is not None and len(problems) > limit:
                    yield f'    ... and {len(problems) - limit} more'
        if not self.problems:
            yield 'nothing is broken'
        elif not self.broken:
            yield 'nothing is broken; look at the above'

    def _proposed(self) -> Iterator[str]:
        if self.proposal is not None:
            pairs = ', '.join(f'[{first}, {second}]' for first, second in self.proposal)
            few = sum(len(record.keypoints) == self.num_points
                      for record in self.records)
            doubt = (f'; from {few} faces only, so probably wrong in places'
                     if few < _FACES_FOR_PAIRS else '')
            yield ('flip pairs by the geometry of the mean face (compare them with '
                   f'the sheet{doubt}):')
            yield f'flip_pairs: [{pairs}]'


def draw_check_sheet(report: CheckReport, num: int = 8) -> np.ndarray:
    """Draw the mean face, then faces with numbered points: offenders first.

    Half of the sheet at most is offenders; the rest are evenly spaced faces.
    Faces whose image cannot be read are left out.

    Args:
        report: What :func:`check_landmarks` returned.
        num: How many faces.

    Returns:
        (H, W, 3) uint8, BGR.

    Raises:
        ValueError: If ``num`` is negative.
    """
    if num < 0:
        raise ValueError(f'num must not be negative, got {num}')
    mean = report.mean_shape
    if mean is None:
        mean = np.full((report.num_points, 2), np.nan)
    flips, kind = report.flip_indices, 'flip pairs of the points file'
    if flips is None:
        flips, kind = np.arange(report.num_points), 'proposed flip pairs'
        for first, second in report.proposal or ():
            flips[[first, second]] = second, first
    pairs = (flips > np.arange(len(flips))).sum()
    title = f'mean face: {report.num_points} points, {pairs} {kind}'
    faults = defaultdict(list)
    for problem in report.problems:
        faults[problem.where].append(problem.kind.value)
    offenders = [record for record in report.records if faults.get(record.where)]
    others = [record for record in report.records if not faults.get(record.where)]
    shown = list(islice(_readable(offenders), num // 2))
    step = max(1, len(others) // max(1, num - len(shown)))
    shown += islice(_readable(others[::step]), num - len(shown))
    return draw_numbered_sheet(
        mean, flips, [image for image, _ in shown],
        [np.where(record.visible[:, None], record.keypoints, np.nan)
         for _, record in shown],
        [f'{Path(record.image_path).name} {", ".join(faults[record.where])}'
         for _, record in shown],
        [bool(faults[record.where]) for _, record in shown], report.links, title)


def _readable(records: list[LandmarkRecord]
              ) -> Iterator[tuple[np.ndarray, LandmarkRecord]]:
    """Records and their images, as far as these can be read."""
    for record in records:
        try:
            image = read_image(record.image_path)
        except ImageError:
            continue
        yield image, record


def check_landmarks(paths: Sequence[str | Path], images: str | Path | None = None,
                    points_file: str | Path | None = None,
                    num_points: int | None = None, origin: int | None = None,
                    read_images: bool = True, jobs: int | None = None,
                    category: str | None = None) -> CheckReport:
    """Check annotation files, and the images that they name.

    Several files (training, validation) are also checked against each other.

    Args:
        paths: Files or folders, see
            :func:`mmwing.datasets.formats.landmark_files.read_landmarks`.
        images: The folder that image names start from; by default each file's own.
        points_file: What the points are, see
            :mod:`mmwing.datasets.formats.points_file`.
        num_points: K; by default that of the points file, or the most frequent.
        origin: As for ``read_landmarks``.
        read_images: Decode every image. Otherwise images are not looked at.
        jobs: Images to decode at a time; None is one for each processor.
        category: As for ``read_landmarks``.

    Returns:
        CheckReport: The faces, and what is wrong.

    Raises:
        FileNotFoundError: If a file does not exist.
        ValueError: If a file as a whole is in none of the formats, holds no face, or
            ``num_points`` contradicts the points file.
    """
    if not paths:
        raise ValueError('paths is empty: there is nothing to check')
    flip_indices, links, names = None, [], None
    if points_file is not None:
        folder = Path(paths[0])
        metainfo = parse_pose_metainfo(read_points_file(
            points_file, folder if folder.is_dir() else folder.parent))
        flip_indices = np.array(metainfo['flip_indices'])
        links = [tuple(link) for link in metainfo['skeleton_links']]
        names = declared_names(list(metainfo['keypoint_id2name'].values()))
        if num_points not in (None, len(flip_indices)):
            raise ValueError(f'num_points is {num_points}, but the points file '
                             f'{points_file} describes {len(flip_indices)}')
        num_points = len(flip_indices)

    log = ProblemLog()
    by_file = {str(path): read_landmarks(path, images, origin, log, names=names,
                                         category=category) for path in paths}
    records = [record for group in by_file.values() for record in group]
    if not records:
        first = ''.join(f'; the first problem: {p}' for p in log.problems[:1])
        raise ValueError(f'{", ".join(by_file)}: no face can be read{first}')
    if num_points is None:
        num_points = Counter(len(r.keypoints) for r in records).most_common(1)[0][0]

    report = CheckReport(list(by_file), records, num_points, log.problems,
                         flip_indices=flip_indices, links=links)
    found = _read_images(records, jobs) if read_images else {}
    for record in records:
        report.problems += _record_problems(record, num_points,
                                            found.get(record.image_path))
    report.problems += _duplicate_faces(records)
    report.problems += _duplicate_images(by_file, found)
    _check_geometry(report)
    return report


@dataclass(frozen=True)
class _Image:
    """What is known of an image file after decoding it."""

    problem: tuple[Kind, str] | None = None
    size: tuple[int, int] | None = None
    turned: bool = False
    digest: str = ''


def _read_images(records: list[LandmarkRecord],
                 jobs: int | None) -> dict[str, _Image]:
    paths = list(dict.fromkeys(record.image_path for record in records))
    # Reading and decoding release the GIL.
    with ThreadPoolExecutor(jobs or os.cpu_count()) as executor:
        return dict(zip(paths, executor.map(_read_image, paths), strict=True))


def _read_image(path: str) -> _Image:
    try:
        data = read_image_file(path)
        height, width = decode_image(data, path).shape[:2]
    except MissingImageError as error:
        return _Image((Kind.MISSING_IMAGE, str(error)))
    except ImageError as error:
        return _Image((Kind.UNREADABLE_IMAGE, str(error)))
    return _Image(None, (width, height), is_turned(data),
                  hashlib.sha1(data).hexdigest())


def _record_problems(record: LandmarkRecord, num_points: int,
                     image: _Image | None) -> Iterator[Problem]:
    """Problems that one face shows by itself."""
    for kind, detail in _findings_of(record, num_points, image):
        yield Problem(kind, record.where, detail)


def _findings_of(record: LandmarkRecord, num_points: int,
                 image: _Image | None) -> Iterator[tuple[Kind, str]]:
    if image and image.problem:
        yield image.problem
    if image and image.turned:
        yield (Kind.EXIF, 'OpenCV and MMPose turn this image as its EXIF data asks; '
                          'see that the points are those of the turned image')
    size = image.size if image else None
    if size and record.size and size != record.size:
        yield (Kind.RANGE, f'the file says {record.size[0]:g}x{record.size[1]:g} '
                           f'pixels, the image has {size[0]}x{size[1]}')
    if len(record.keypoints) != num_points:
        yield (Kind.POINT_COUNT,
               f'{len(record.keypoints)} points, expected {num_points}')
    flags = np.unique(record.visibility)
    strange = [f'{flag:g}' for flag in flags if flag not in (0, 1, 2)]
    if strange:
        yield (Kind.RANGE, f'visibility must be 0, 1 or 2, found {", ".join(strange)}')
    flagged = record.visibility > 0
    lost = np.flatnonzero(flagged & ~record.visible)
    if len(lost):
        yield (Kind.NOT_FINITE, f'{_points(lost)}: taken as not annotated')
    if not record.visible.any():
        yield Kind.NO_POINTS, 'left out of training'
        return
    yield from _place_findings(record, size or record.size)


def _place_findings(record: LandmarkRecord,
                    size: tuple[float, float] | None) -> Iterator[tuple[Kind, str]]:
    """Where the points of a face are: in the image, in the box."""
    known = record.visible
    points = record.keypoints[known]
    tight = landmark_box(points)
    if max(tight[2:]) == 0 and record.box is None:
        yield Kind.EMPTY_BOX, 'all points are in one place, and there is no box'
    elif len(points) > 1 and points.min() >= -1 and points.max() <= 1:
        yield (Kind.RANGE, 'all coordinates lie in [0, 1]: pixels are needed, not '
                           'fractions of the image')
    zero = np.flatnonzero(known & (record.keypoints == 0).all(1))
    if len(zero):
        yield (Kind.POINTS_OUTSIDE, f'{_points(zero)} at exactly (0, 0): if they are '
                                    'not annotated, their visibility must be 0')
    if size:
        # Pixel centres are whole numbers: the image ends half a pixel further.
        outside = known & ((record.keypoints < -0.5)
                           | (record.keypoints > np.array(size) - 0.5)).any(1)
        if (outside == known).all():
            yield (Kind.OUTSIDE, f'no point lies in the image of {size[0]:g}x'
                                 f'{size[1]:g} pixels')
        elif outside.any():
            yield (Kind.POINTS_OUTSIDE, f'{_points(np.flatnonzero(outside))} beyond '
                                        f'{size[0]:g}x{size[1]:g} pixels')
    if record.box is not None:
        yield from _box_findings(record.box, points, tight)


def _box_findings(box: Sequence[float], points: np.ndarray,
                  tight: Sequence[float]) -> Iterator[tuple[Kind, str]]:
    x, y, width, height = box
    if not np.isfinite(box).all() or min(width, height) <= 0:
        yield Kind.EMPTY_BOX, f'bbox is {width:g} x {height:g} pixels'
        return
    inside = ((points >= (x, y)) & (points <= (x + width, y + height))).all(1).mean()
    if inside < 0.5:
        yield (Kind.BOX, f'{100 * inside:.0f} % of the points lie in bbox {list(box)} '
                         '(x, y, width, height)')
        return
    times = max(width, height) / max(tight[2:]) if max(tight[2:]) > 0 else 0
    if times > _LONGEST_BOX:
        yield (Kind.BOX, f'bbox {list(box)} is {times:.1f} times as long as the points '
                         'spread; it must be x, y, width, height')


def _points(indices: Sequence[int] | np.ndarray) -> str:
    shown = ', '.join(str(index) for index in indices[:8])
    more = f' and {len(indices) - 8} more' if len(indices) > 8 else ''
    return f'point{"s" if len(indices) > 1 else ""} {shown}{more}'


def _duplicate_faces(records: list[LandmarkRecord]) -> Iterator[Problem]:
    seen: dict[tuple, LandmarkRecord] = {}
    for record in records:
        first = seen.setdefault(
            (os.path.realpath(record.image_path), record.keypoints.tobytes()), record)
        if first is not record:
            yield Problem(Kind.DUPLICATE, record.where,
                          f'same image and points as {first.where}')


def _duplicate_images(by_file: dict[str, list[LandmarkRecord]],
                      found: dict[str, _Image]) -> Iterator[Problem]:
    """The same pixels under two names, or in two files."""
    first_in: dict[str, tuple[str, str]] = {}
    for file, records in by_file.items():
        for path in dict.fromkeys(record.image_path for record in records):
            image = found.get(path)
            same = image.digest if image and image.digest else os.path.realpath(path)
            first_file, first_path = first_in.setdefault(same, (file, path))
            if first_file != file:
                yield Problem(Kind.LEAK, f'{file}, {path}',
                              f'also in {first_file} ({first_path}): a model would be '
                              'tested on what it has learnt')
            elif first_path != path:
                yield Problem(Kind.DUPLICATE, path, f'same file as {first_path}')


def _check_geometry(report: CheckReport) -> None:
    """Compare faces with their mean, and the mean with its mirror image."""
    usable = [record for record in report.records
              if len(record.keypoints) == report.num_points
              and record.visible.sum() > 1]
    if not usable:
        return
    faces = np.stack([np.where(record.visible[:, None], record.keypoints, np.nan)
                      for record in usable])
    mean = report.mean_shape = mean_shape(faces)
    partners = mirror_partners(mean)
    if report.flip_indices is None:
        report.proposal = _pairs(partners)
    else:
        wrong = list(_wrong_pairs(mean, report.flip_indices, partners, len(usable)))
        report.problems += wrong
        report.proposal = _pairs(partners) if wrong else None
    if len(usable) >= _FACES_FOR_SHAPES:
        flips = partners if report.proposal or report.flip_indices is None \
            else report.flip_indices
        for record, face in zip(usable, faces, strict=True):
            report.problems += _shape_problems(record, face, mean, flips)


def _pairs(partners: np.ndarray) -> list[tuple[int, int]]:
    return [(index, int(other)) for index, other in enumerate(partners)
            if index < other]


def _wrong_pairs(mean: np.ndarray, declared: np.ndarray, partners: np.ndarray,
                 num_faces: int) -> Iterator[Problem]:
    residuals = flip_residuals(mean, declared)
    if num_faces < _FACES_FOR_PAIRS:
        if np.nanmean(residuals) > _ANY_PAIRS_TOLERANCE:
            yield Problem(Kind.FLIP_PAIRS, 'points file',
                          'the mirrored mean face does not look like the mean face')
        return
    better = flip_residuals(mean, partners)
    wrong = ((declared != partners) & (residuals > _PAIR_TOLERANCE)
             & (residuals > 2 * better))
    for point in np.flatnonzero(wrong):
        yield Problem(
            Kind.FLIP_PAIRS, f'points file, point {point}',
            f'{_partner(point, declared)}, but in the mean face '
            f'{_partner(point, partners)}')


def _partner(point: int | np.integer, partners: np.ndarray) -> str:
    other = partners[point]
    return 'has no partner' if other == point else f'mirrors point {other}'


def _shape_problems(record: LandmarkRecord, face: np.ndarray, mean: np.ndarray,
                    flip_indices: np.ndarray) -> Iterator[Problem]:
    misfit = _rms(align(face, mean) - mean)
    if 2 * _rms(align(face[flip_indices], mean) - mean) < misfit:
        yield Problem(Kind.MIRRORED, record.where,
                      'fits the other faces only with left and right exchanged: was '
                      'the image mirrored?')
        return
    point, distance = odd_point(face, mean)
    if distance > _POINT_TOLERANCE:
        yield Problem(Kind.SHAPE, record.where,
                      f'point {point} is far from where the other faces have it')


def _rms(offsets: np.ndarray) -> float:
    """Root mean square length of the known offsets (K, 2)."""
    known = offsets[np.isfinite(offsets).all(1)]
    return float(np.sqrt((known ** 2).sum(1).mean())) if len(known) else np.nan
