"""Configs by path and by name, and files that are none."""

from pathlib import Path

import pytest

from mmwing.config import load_config

NAME = 'td-reg_cnn6_wing_1xb16-20e_300w-64x64'
GOOD = 'model = dict()\ndefault_scope = "mmpose"\n'


def test_a_config_is_read_by_name_and_by_path():
    by_name = load_config(NAME)
    for path in (by_name.filename, Path(by_name.filename)):
        assert load_config(path).to_dict() == by_name.to_dict()
    changed = load_config(NAME, {'model.head.num_joints': 5})
    assert changed.model.head.num_joints == 5


def test_what_is_no_config_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'no/such\.py'):
        load_config('no/such.py')
    with pytest.raises(ValueError, match='folder'):
        load_config(str(tmp_path))
    (tmp_path / 'other.py').write_text('x = 1')
    with pytest.raises(ValueError, match="no 'model'"):
        load_config(str(tmp_path / 'other.py'))
    (tmp_path / 'broken.py').write_text('model = dict(\n')
    with pytest.raises(ValueError, match=r'broken\.py.*no valid Python: line 1: '):
        load_config(str(tmp_path / 'broken.py'))
    (tmp_path / 'notes.txt').write_text('x = 1')
    with pytest.raises(ValueError, match=r'notes\.txt.*must end in \.py'):
        load_config(str(tmp_path / 'notes.txt'))


@pytest.mark.parametrize('name', ['mine.yaml', 'mine.yml', 'derived.json',
                                  'derived.yaml'])
def test_a_config_of_data_runs_no_code(name, tmp_path):
    """MMEngine's loader of YAML executes what its tags ask for."""
    trace = tmp_path / 'trace'
    hostile = f'model: !!python/object/apply:os.mkdir ["{trace}"]\n'
    (tmp_path / 'mine.yaml').write_text(hostile)
    (tmp_path / 'mine.yml').write_text(hostile)
    (tmp_path / 'derived.json').write_text('{"_base_": ["mine.yaml"]}')
    (tmp_path / 'derived.yaml').write_text('_base_: mine.yml\n')
    with pytest.raises(ValueError, match=r'mine\.ya?ml.*not plain data'):
        load_config(str(tmp_path / name))
    assert not trace.exists()


def test_a_config_of_plain_data_is_read(tmp_path):
    (tmp_path / 'base.yaml').write_text('model: {type: A}\n')
    (tmp_path / 'mine.json').write_text(
        '{"_base_": "base.yaml", "default_scope": "mmpose"}')
    assert load_config(str(tmp_path / 'mine.json')).model.type == 'A'
    (tmp_path / 'cut.json').write_text('{"model": {')
    with pytest.raises(ValueError, match=r'cut\.json.*not plain data'):
        load_config(str(tmp_path / 'cut.json'))


@pytest.mark.parametrize('config', [None, 5, b'a.py', ['a.py']])
def test_what_is_no_name_is_told(config):
    with pytest.raises(TypeError, match='config must be the name or path of a config'):
        load_config(config)


@pytest.mark.parametrize('name', ['td-reg_*', 'td-reg_cnn6_wing_1xb8-120k_aflw-64x6?',
                                  'default_runtime'])
def test_a_pattern_or_a_base_is_no_name(name):
    with pytest.raises(ValueError, match='no config'):
        load_config(name)


@pytest.mark.parametrize(('name', 'content', 'message'), [
    ('list.json', '[1, 2]', 'must hold a dict, got a list'),
    ('text.yml', 'text', 'must hold a dict, got a str'),
    ('itself.json', '{"_base_": "itself.json"}', 'inherits from itself'),
    ('itself.py', '_base_ = ["itself.py"]', 'inherits from itself'),
    ('name.py', 'model = foo', "cannot be read: NameError: name 'foo' is not defined"),
    ('zero.py', 'model = 1 / 0', 'cannot be read: ZeroDivisionError'),
    ('number.py', '_base_ = 5', 'cannot be read: TypeError'),
    ('key.py', '_base_ = ["good.py"]\nx = {{_base_.nothing}}', "KeyError: 'nothing'"),
    ('twice.py', '_base_ = ["good.py", "good.py"]', 'Duplicate key'),
    ('text.py', 'model = "a"\ndefault_scope = "mmpose"',
     "its model must be a dict, got 'a'"),
])
def test_a_file_that_is_no_config_is_told(name, content, message, tmp_path: Path):
    (tmp_path / 'good.py').write_text(GOOD)
    (tmp_path / name).write_text(content)
    with pytest.raises(ValueError, match=message) as caught:
        load_config(tmp_path / name)
    assert name in str(caught.value)


def test_a_base_that_is_missing_is_named(tmp_path):
    (tmp_path / 'config.py').write_text('_base_ = ["gone.py"]')
    with pytest.raises(FileNotFoundError, match='gone.py'):
        load_config(tmp_path / 'config.py')
