"""Configs and tools are found by name."""

from pathlib import Path

import pytest

import mmwing


def test_every_listed_config_is_found_by_its_name():
    names = mmwing.list_configs()
    assert names and len(names) == len(set(names))
    for name in names:
        path = Path(mmwing.config_path(name))
        assert path.is_absolute() and path.stem == name
        assert mmwing.config_path(f'{name}.py') == str(path)


def test_a_misspelt_config_is_corrected():
    with pytest.raises(ValueError, match='td-reg_cnn6_wing_1xb64-24e_synthetic'):
        mmwing.config_path('td-reg_cnn6_wnig_1xb64-24e_synthetic-64x64')


def test_a_base_is_not_a_config():
    with pytest.raises(ValueError, match='no config'):
        mmwing.config_path('default_runtime')


def test_tools_are_found_and_corrected():
    assert Path(mmwing.tool_path('train.py')).is_file()
    with pytest.raises(ValueError, match=r'train\.py'):
        mmwing.tool_path('trian.py')


@pytest.mark.parametrize('find', [mmwing.config_path, mmwing.tool_path])
@pytest.mark.parametrize('name', [None, 3, Path('train.py')])
def test_a_name_that_is_no_text_is_named(find, name):
    with pytest.raises(TypeError, match='name must be a text, got'):
        find(name)
