"""Faces that are unlike the others are found, each by itself."""

import re

import numpy as np
import pytest
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from mmwing.datasets.checks.shapes import shape_problems
from mmwing.datasets.face.painter import face_landmarks
from mmwing.datasets.formats.points_file import read_points_file
from mmwing.datasets.formats.problems import Kind
from mmwing.datasets.formats.records import LandmarkRecord
from mmwing.geometry import mean_shape

FLIPS = np.array(parse_pose_metainfo(read_points_file('300w.py'))['flip_indices'])


@pytest.fixture(scope='module')
def faces():
    return np.stack([face_landmarks(1, index, 128) for index in range(40)])


def findings(faces, mean):
    records = [LandmarkRecord('a.png', face, np.isfinite(face).all(1), f'face {index}',
                              index, index) for index, face in enumerate(faces)]
    return [(int(re.search(r'\d+', problem.where)[0]), problem.kind)
            for problem in shape_problems(records, faces, mean, FLIPS)]


def test_the_finding_names_its_face_whatever_the_others_are(faces):
    """All are looked at together: what is found of one must not depend on another."""
    mean = mean_shape(faces)
    before = findings(faces, mean)
    spoilt = faces.copy()
    spoilt[3] *= (-1, 1)
    spoilt[17, 30] += 90
    spoilt[21] = np.nan
    after = findings(spoilt, mean)
    assert (3, Kind.MIRRORED) in after and (17, Kind.SHAPE) in after
    assert [each for each in after if each[0] not in (3, 17, 21)] == [
        each for each in before if each[0] not in (3, 17, 21)]
    for index in range(len(spoilt)):
        alone = findings(spoilt[index:index + 1], mean)
        assert [kind for _, kind in alone] == [
            kind for where, kind in after if where == index]


def test_more_faces_than_are_compared_at_once(faces):
    mean = mean_shape(faces)
    many = np.repeat(faces[:1], 1500, 0)
    many[1300] *= (-1, 1)
    assert findings(many, mean) == [(1300, Kind.MIRRORED)]


def test_two_known_points_fit_either_way(faces):
    """Any two points fit any others: what is left is rounding, and says nothing."""
    few = np.full((3 * len(faces), 68, 2), np.nan)
    for index, known in enumerate(([36, 45], [19, 57], [39, 10])):
        few[index::3, known] = faces[:, known]
    assert findings(few, mean_shape(faces)) == []
