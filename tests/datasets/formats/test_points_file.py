"""The small file that describes a user's points."""

import json
from pathlib import Path

import mmpose
import pytest
import yaml
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from mmwing.datasets.formats.points_file import pose_metainfo, read_points_file

FIVE = {
    'names': ['left_eye', 'right_eye', 'nose', 'left_mouth', 'right_mouth'],
    'flip_pairs': [['left_eye', 1], [3, 'right_mouth']],
    'contours': {'mouth': [3, 4], 'nose': ['left_eye', 'nose', 'right_eye',
                                           'left_eye']}}


def test_pairs_and_contours_become_mmpose_metainfo():
    parsed = parse_pose_metainfo(pose_metainfo(FIVE))
    assert parsed['flip_indices'] == [1, 0, 2, 4, 3]
    assert parsed['keypoint_id2name'][3] == 'left_mouth'
    assert parsed['skeleton_links'] == [(3, 4), (0, 2), (2, 1), (1, 0)]
    assert len(parsed['dataset_keypoint_weights']) == parsed['num_keypoints'] == 5


@pytest.mark.parametrize('suffix', ['.json', '.yaml', '.yml'])
def test_formats_agree_and_the_file_names_the_data_set(tmp_path, suffix):
    path = tmp_path / f'mine{suffix}'
    path.write_text(json.dumps(FIVE) if suffix == '.json' else yaml.dump(FIVE))
    assert read_points_file(path) == {**pose_metainfo(FIVE), 'dataset_name': 'mine'}
    # A relative name is found in the data's folder, too.
    assert read_points_file(path.name, tmp_path) == read_points_file(path)


@pytest.mark.parametrize('name', ['300w', 'wflw', 'lapa', 'aflw', 'cofw'])
def test_mmpose_own_files_give_mmpose_own_metainfo(name):
    path = Path(mmpose.__file__).parent / f'.mim/configs/_base_/datasets/{name}.py'
    theirs = parse_pose_metainfo({'from_file': str(path)})
    ours = parse_pose_metainfo(read_points_file(f'{name}.py'))
    for key in ('dataset_name', 'flip_indices', 'num_keypoints', 'skeleton_links'):
        assert ours[key] == theirs[key]


@pytest.mark.parametrize(('change', 'message'), [
    ({'num_points': 4}, 'num_points is 4, but there are 5 names'),
    ({'names': ['a', 'b', 'a', 'c', 'd']}, "'a' occurs twice"),
    ({'names': None}, 'num_points or names is needed'),
    ({'names': None, 'num_points': 0}, 'at least 1'),
    ({'names': None, 'num_points': 'five'}, 'must be an integer'),
    ({'flip_pairs': None}, 'flip_pairs is missing.*mmwing check'),
    ({'flip_pairs': [[0, 5]]}, 'index 5, but there are 5 points: 0 to 4'),
    ({'flip_pairs': [[0, -1]]}, 'index -1'),
    ({'flip_pairs': [[0, 'ear']]}, "names 'ear'"),
    ({'flip_pairs': [[2, 2]]}, 'with itself'),
    ({'flip_pairs': [[0, 1], [1, 2]]}, "'right_eye' .index 1. in two pairs"),
    ({'flip_pairs': [[0, 1, 2]]}, 'pairs of points'),
    ({'flip_pairs': 'auto'}, 'must be a list of pairs'),
    ({'flip_pairs': [[0, 1.5]]}, 'indices or names, got 1.5'),
    ({'contours': [[0]]}, 'at least two points'),
    ({'contours': [[0, 7]]}, 'contours has the index 7'),
    ({'flips': []}, "unknown key 'flips'; known are")])
def test_bad_content_is_refused(tmp_path, change, message):
    path = tmp_path / 'bad.json'
    path.write_text(json.dumps({**FIVE, **change}))
    with pytest.raises(ValueError, match=message) as error:
        read_points_file(path)
    assert 'bad.json' in str(error.value)


@pytest.mark.parametrize(('name', 'text', 'message'), [
    ('a.yaml', 'names: [a, b', 'a.yaml'), ('a.json', '{', 'a.json'),
    ('a.yaml', '- 1', 'must be a mapping'), ('a.txt', '', 'must end in .json'),
    ('a.py', 'x = 1', 'must define dataset_info'),
    ('a.py', 'dataset_info = dict(keypoint_info={})', 'lacks dataset_name')])
def test_bad_files_are_named(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=message):
        read_points_file(tmp_path / name)


@pytest.mark.parametrize(('text', 'message'), [
    ('x: [a\n: b', "line 2: expected ',' or ']', but got ':'$"),
    ('x: \x01', 'special characters are not allowed'),
    ('num_points: 1000000000000\nflip_pairs: []', 'at most 100000'),
    ('num_points: 2\n1: 2\na: 3', 'unknown key 1'),
    ('num_points: !!bool x', 'does not fit the tag'),
    ('num_points: !!int ""', 'does not fit the tag'),
    ('num_points: 2\nflip_pairs: []\nname: [a]', 'name must be a text'),
    ('', 'must be a mapping.*got None')])
def test_yaml_of_anything_ends_in_one_line(tmp_path, text, message):
    (tmp_path / 'a.yaml').write_text(text)
    with pytest.raises(ValueError, match=message) as caught:
        read_points_file(tmp_path / 'a.yaml')
    assert str(caught.value).isprintable()


@pytest.mark.parametrize('key', [
    'names', 'num_points', 'flip_pairs', 'contours', 'name'])
def test_a_value_of_billions_of_entries_is_not_written_out(key):
    """Eleven lists, each of nine times the one before, as YAML's aliases make them."""
    bomb = ['x']
    for _ in range(11):
        bomb = [bomb] * 9
    with pytest.raises((TypeError, ValueError)) as caught:
        pose_metainfo({'num_points': 3, 'flip_pairs': [], key: bomb})
    assert len(str(caught.value)) < 500


def test_missing_file_says_where_it_was_looked_for(tmp_path):
    with pytest.raises(FileNotFoundError, match=f'looked for no.yaml, {tmp_path}'):
        read_points_file('no.yaml', tmp_path)


def test_yaml_is_read_as_data(tmp_path):
    path = tmp_path / 'points.yaml'
    path.write_text(f'names: !!python/object/apply:open [{tmp_path / "executed"}, w]')
    with pytest.raises(ValueError, match=r'points\.yaml'):
        read_points_file(path)
    assert not (tmp_path / 'executed').exists()
