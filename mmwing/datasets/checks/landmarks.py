"""Check annotation files, and the images that they name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from mmwing.arguments import check_count
from mmwing.datasets.formats.landmark_files import read_landmarks
from mmwing.datasets.formats.points_file import declared_names, read_points_file
from mmwing.datasets.formats.problems import Problem, ProblemLog

from . import images as image_checks
from .corner_boxes import corner_box_problems
from .crowds import crowd_problems
from .face import face_findings
from .geometry import check_geometry
from .repeats import repeated_faces, repeated_images
from .report import CheckReport


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
            ``num_points`` contradicts the points file; or ``num_points`` or ``jobs``
            is no whole number of at least 1.
    """
    if not paths:
        raise ValueError('paths is empty: there is nothing to check')
    for name, value in (('num_points', num_points), ('jobs', jobs)):
        if value is not None:
            check_count(name, value)
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
    annotated = {str(path): read_landmarks(path, images, origin, log, names=names,
                                           category=category) for path in paths}
    by_file = {file: [record for record in group if not record.is_crowd]
               for file, group in annotated.items()}
    records = [record for group in by_file.values() for record in group]
    problems = log.problems
    for file, group in annotated.items():
        problems += crowd_problems(file, group)
    if not records:
        first = ''.join(f'; the first problem: {p}' for p in problems[:1])
        raise ValueError(f'{", ".join(by_file)}: no face can be read{first}')
    if num_points is None:
        num_points = Counter(len(r.keypoints) for r in records).most_common(1)[0][0]

    found = image_checks.read_images(records, jobs) if read_images else {}
    digests = {path: image.digest for path, image in found.items() if image.digest}
    for record in records:
        image = found.get(record.image_path)
        findings = list(image_checks.image_findings(record, image)) if image else []
        size = image.size if image else None
        findings += face_findings(record, num_points, size or record.size)
        problems += [Problem(kind, record.where, detail) for kind, detail in findings]
    for file, group in by_file.items():
        problems += corner_box_problems(file, group)
    problems += repeated_faces(records, digests)
    problems += repeated_images(by_file, digests)
    geometry = check_geometry(records, num_points, flip_indices)
    problems += geometry.problems
    return CheckReport(list(by_file), records, num_points, problems, geometry.mean,
                       flip_indices, links, geometry.proposal)
