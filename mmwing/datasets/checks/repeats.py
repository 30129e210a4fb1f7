"""Faces and images that are there twice."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from mmwing.datasets.formats.problems import Kind, Problem
from mmwing.datasets.formats.records import LandmarkRecord

# Mean distance between the points of two annotations of one face, in longer sides of
# the landmark box. Two people differ by as much; two faces of one picture by more.
_SAME_FACE = 0.05
# Fewer points come to lie alike by chance, as two whole numbers do.
_FEWEST_POINTS = 3


def repeated_faces(records: Sequence[LandmarkRecord],
                   digests: Mapping[str, str]) -> Iterator[Problem]:
    """Faces that are annotated twice in an image, or alike in two images.

    Args:
        records: The faces.
        digests: See :func:`repeated_images`, which names images that are the same.
    """
    by_image: dict[str, list[LandmarkRecord]] = defaultdict(list)
    by_points: dict[bytes, tuple[str, LandmarkRecord]] = {}
    for record in records:
        path = os.path.realpath(record.image_path)
        points = record.keypoints.tobytes()
        first = next((other for other in by_image[path]
                      if other.keypoints.tobytes() == points), None)
        if first is not None:
            yield Problem(Kind.DUPLICATE, record.where,
                          f'same image and points as {first.where}')
            continue
        near = next((other for other in by_image[path] if _same_face(other, record)),
                    None)
        if near is not None:
            yield Problem(Kind.DUPLICATE, record.where,
                          f'nearly the same points as {near.where}, in the same image')
        by_image[path].append(record)
        if record.visible.sum() < _FEWEST_POINTS:
            continue
        known_path, first = by_points.setdefault(points, (path, record))
        same_image = digests.get(record.image_path) is not None and (
            digests.get(record.image_path) == digests.get(first.image_path))
        if known_path != path and not same_image:
            yield Problem(Kind.DUPLICATE, record.where,
                          f'the same points as {first.where}, in another image')


def _same_face(first: LandmarkRecord, second: LandmarkRecord) -> bool:
    if len(first.keypoints) != len(second.keypoints):
        return False
    known = first.visible & second.visible
    if known.sum() < _FEWEST_POINTS:
        return False
    one, other = first.keypoints[known], second.keypoints[known]
    return bool(np.linalg.norm(one - other, axis=1).mean()
                < _SAME_FACE * np.ptp(one, axis=0).max())


def repeated_images(by_file: Mapping[str, Sequence[LandmarkRecord]],
                    digests: Mapping[str, str]) -> Iterator[Problem]:
    """The same image under two names, or in two files.

    Args:
        by_file: The faces of each annotation file.
        digests: Of each image path, what is the same for the same content; paths
            that are missing are compared by themselves.
    """
    first_in: dict[str, tuple[str, str]] = {}
    for file, records in by_file.items():
        for path in dict.fromkeys(record.image_path for record in records):
            same = digests.get(path) or os.path.realpath(path)
            first_file, first_path = first_in.setdefault(same, (file, path))
            if first_file != file:
                yield Problem(Kind.LEAK, f'{file}, {path}',
                              f'also in {first_file} ({first_path}): a model would be '
                              'tested on what it has learnt')
            elif first_path != path:
                yield Problem(Kind.DUPLICATE, path, f'same file as {first_path}')
