"""Boxes x1, y1, x2, y2 are told from x, y, width, height, and these from those."""

import os
from pathlib import Path

import numpy as np
import pytest

from mmwing.datasets.checks.corner_boxes import are_corners, corner_box_problems
from mmwing.datasets.face.painter import face_landmarks
from mmwing.datasets.formats.landmark_files import read_landmarks
from mmwing.datasets.formats.problems import BROKEN, Kind
from mmwing.datasets.formats.records import LandmarkRecord


def tight_boxes(points):
    low, high = points.min(1), points.max(1)
    return np.concatenate([low, high - low], 1)


def enlarged(tight, factor, rng=None, up=0.):
    """Boxes around landmarks, off by some noise, and reaching further up."""
    size = factor * tight[:, 2:]
    middle = tight[:, :2] + tight[:, 2:] / 2 - (0, up) * tight[:, 2:]
    if rng is not None:
        middle = middle + rng.normal(0, 0.05, middle.shape) * tight[:, 2:]
        size = size * rng.uniform(0.9, 1.1, size.shape)
    return np.concatenate([middle - size / 2, size], 1)


def as_corners(boxes):
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], 1)


@pytest.fixture(scope='module')
def crops():
    """Landmarks (40, 68, 2) of painted faces that fill half of their 128 pixels."""
    return np.stack([face_landmarks(0, index, 128) for index in range(40)])


def photos(crops, rng, size=1000):
    """The same anywhere in photos, small and large."""
    scale = rng.uniform(0.3, 3, (len(crops), 1, 1))
    return crops * scale + rng.uniform(0, size, (len(crops), 1, 2))


@pytest.mark.parametrize('subset', [slice(None), slice(36, 48), [36, 45, 30, 48, 54]],
                         ids=['68', 'eyes', 'five'])
@pytest.mark.parametrize('factor', [1.0, 1.2, 1.5, 2.0, 3.0])
@pytest.mark.parametrize('up', [0., 0.08])
@pytest.mark.parametrize('where', ['crop', 'photo'])
def test_both_kinds_of_boxes(crops, where, factor, up, subset):
    rng = np.random.default_rng(0)
    points = crops if where == 'crop' else photos(crops, rng)
    boxes = enlarged(tight_boxes(points), factor, rng, up)
    boxes[:, :2] = np.maximum(boxes[:, :2], 0)
    tight = tight_boxes(points[:, subset])
    assert not are_corners(boxes, tight)
    told = are_corners(as_corners(boxes), tight)
    # A box that begins in the image's corner reads the same both ways.
    begins_inside = np.median(boxes[:, 0]) > 0.2 * np.median(tight[:, 2])
    assert told or not begins_inside or factor == 1.0


def test_boxes_at_the_origin_tell_nothing():
    tight = np.tile([20., 20, 60, 60], (30, 1))
    boxes = np.tile([0., 0, 100, 100], (30, 1))
    assert not are_corners(boxes, tight)


def test_small_boxes_far_from_the_origin(crops):
    points = crops / 8 + 3000
    boxes = enlarged(tight_boxes(points), 1.2)
    assert not are_corners(boxes, tight_boxes(points))
    assert are_corners(as_corners(boxes), tight_boxes(points))


def test_few_faces_and_strange_numbers(crops):
    tight = tight_boxes(crops)
    corners = as_corners(enlarged(tight, 1.1))
    assert are_corners(corners, tight)
    assert not are_corners(corners[:4], tight[:4])
    assert not are_corners(np.zeros((0, 4)), np.zeros((0, 4)))
    corners[::2] = np.nan
    assert are_corners(corners, tight)
    assert not are_corners(np.full((40, 4), np.inf), tight)


def records_of(points, boxes):
    return [LandmarkRecord(f'{index}.png', face, np.ones(len(face)), f'face {index}',
                           index, index, box=tuple(box))
            for index, (face, box) in enumerate(zip(points, boxes, strict=True))]


def test_the_finding_names_the_field_and_what_would_do(crops):
    boxes = enlarged(tight_boxes(crops), 1.2)
    assert list(corner_box_problems('a.json', records_of(crops, boxes))) == []
    problem, = corner_box_problems('a.json', records_of(crops, as_corners(boxes)))
    assert problem.kind is Kind.CORNER_BOX and problem.kind in BROKEN
    assert problem.where == 'a.json'
    for part in ('bbox of 40 faces', 'x1, y1, x2, y2', 'x, y, width, height',
                 'write x2 - x1 and y2 - y1'):
        assert part in problem.detail
    assert list(corner_box_problems('a.json', [])) == []


@pytest.mark.skipif('MMWING_FIXTURES' not in os.environ,
                    reason='MMWING_FIXTURES names no folder with real images')
def test_boxes_of_real_faces():
    for path in sorted(Path(os.environ['MMWING_FIXTURES']).glob('*/*.json')):
        if path.parent.name != 'coco':
            assert list(corner_box_problems(str(path), read_landmarks(path))) == []


@pytest.mark.skipif('MMWING_300W' not in os.environ,
                    reason='MMWING_300W names no folder with 300-W')
def test_boxes_of_300w():
    root = Path(os.environ['MMWING_300W']) / 'annotations'
    records = read_landmarks(root / 'face_landmarks_300w_valid.json')
    points = np.stack([record.keypoints for record in records])
    boxes, tight = np.array([record.box for record in records]), tight_boxes(points)
    assert not are_corners(boxes, tight)
    assert are_corners(as_corners(boxes), tight)
    for start in range(0, 190, 10):  # ten faces will do
        assert are_corners(as_corners(boxes)[start:start + 10],
                           tight[start:start + 10])
        assert not are_corners(boxes[start:start + 10], tight[start:start + 10])
