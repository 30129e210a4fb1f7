"""Faces of an evaluation are what they should be, or a field is named."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mmwing.evaluation import EvaluatedFaces, Protocol, RunRecord
from mmwing.evaluation.report import write_report

ARRAYS = ('pred', 'gt', 'visible', 'boxes')


@pytest.mark.parametrize('convert', [
    torch.tensor, np.ndarray.tolist, lambda array: torch.tensor(array).float()],
    ids=['torch', 'lists', 'float32'])
def test_tensors_and_lists_give_the_same_report(convert, make_faces, tmp_path):
    faces = make_faces(10)
    given = replace(
        faces, **{name: convert(getattr(faces, name)) for name in ARRAYS},
        **{name: {key: convert(values) for key, values in getattr(faces, name).items()}
           for name in ('items', 'subsets')})
    protocol = Protocol(('inter_ocular', 'item:box_size'), num_bootstrap=5)
    figures = write_report(given, tmp_path, protocol).figures
    assert figures == pytest.approx(
        write_report(faces, tmp_path, protocol).figures, rel=1e-4)
    assert given.visible.dtype == given.subsets['common'].dtype == bool


def test_boxes_and_images_may_be_unknown(make_faces, tmp_path):
    faces = make_faces(4)
    given = replace(faces, boxes=None, image_paths=[])
    protocol = Protocol(num_bootstrap=5)
    assert write_report(given, tmp_path, protocol).figures == write_report(
        faces, tmp_path, protocol).figures
    assert np.isnan(given.boxes).all() and given.image_paths == [''] * 4
    named = replace(faces, image_paths=[Path('a.png')] * 4)
    assert named.image_paths == ['a.png'] * 4


def test_arrays_are_not_copied(make_faces):
    faces = make_faces(3)
    again = EvaluatedFaces(**{each.name: getattr(faces, each.name)
                              for each in fields(EvaluatedFaces)})
    assert all(getattr(again, name) is getattr(faces, name) for name in ARRAYS)


def test_numbers_say_what_counts(make_faces):
    """As indices or as true for every number they would mean something else."""
    faces = make_faces(6)
    given = replace(faces, visible=np.where(faces.visible, 2., -1),
                    subsets={'two': np.array([1, 1, 0, 0, 0, 0])})
    np.testing.assert_array_equal(given.visible, faces.visible)
    assert len(RunRecord.of_faces(given, Protocol()).of_subset(
        given.subsets['two'])) == 2


@pytest.mark.parametrize(('field', 'value', 'error', 'message'), [
    ('pred', np.ones((10, 68)), ValueError, r'pred must have the shape \(N, K, 2\)'),
    ('pred', np.ones((10, 0, 2)), ValueError, 'pred must .* at least one landmark'),
    ('pred', 'faces.npy', TypeError, 'pred must be an array'),
    ('gt', np.ones((10, 5, 2)), ValueError, r'gt must have .*\(10, 68, 2\)'),
    ('visible', None, TypeError, 'visible must be an array of numbers, got NoneType'),
    ('visible', np.ones(10), ValueError, r'visible must have the shape \(10, 68\)'),
    ('boxes', np.ones((5, 4)), ValueError, r'boxes must have the shape \(10, 4\)'),
    ('names', list('abcde'), ValueError, 'names must be 10 texts.*got 5'),
    ('names', 'abcdefghij', TypeError, "names must be a list .*'abcdefghij'"),
    ('names', list(range(10)), TypeError, 'names must be a list of texts'),
    ('image_paths', ['a'], ValueError, 'image_paths must be 10 texts.*got 1'),
    ('image_paths', None, TypeError, 'image_paths must be a list of texts.*None'),
    ('items', None, TypeError, 'items must be a dict.*None'),
    ('items', {'box_size': [1.]}, ValueError, r"items\['box_size'\] .*\(10,\)"),
    ('subsets', {'common': [0, 3]}, ValueError, r"subsets\['common'\] .*got \(2,\)"),
])
def test_a_field_that_does_not_fit_is_named(field, value, error, message, make_faces):
    with pytest.raises(error, match=message):
        replace(make_faces(10), **{field: value})
