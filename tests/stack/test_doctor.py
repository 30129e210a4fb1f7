"""The doctor says what is broken and how to mend it."""

import importlib

import pytest

from mmwing import __main__, stack
from mmwing.stack import checkpoints, doctor


def test_a_healthy_stack_passes(capsys):
    assert doctor.main() == 0
    printed = capsys.readouterr().out
    assert 'All that mmwing needs works.' in printed
    for package in stack.offered:
        line = next(x for x in printed.splitlines() if x.startswith(package))
        assert 'stand-in' in line


def test_a_broken_package_is_named_with_its_remedy(capsys, monkeypatch):
    real = importlib.import_module

    def broken(name, *args):
        if name == 'mmpose':
            raise ModuleNotFoundError("No module named 'mmpose'", name='mmpose')
        return real(name, *args)

    monkeypatch.setattr(doctor.importlib, 'import_module', broken)
    assert doctor.main() == 1
    printed = capsys.readouterr().out
    assert "No module named 'mmpose'" in printed
    assert 'pip install --no-deps mmpose==' in printed


def test_a_missing_dependency_is_what_gets_installed(monkeypatch):
    real = importlib.import_module

    def broken(name, *args):
        if name == 'mmengine':
            raise ModuleNotFoundError("No module named 'yaml'", name='yaml')
        return real(name, *args)

    monkeypatch.setattr(doctor.importlib, 'import_module', broken)
    finding = next(f for f in doctor.examine() if f.name == 'mmengine')
    assert finding.state == doctor.BROKEN
    assert finding.remedy == 'pip install pyyaml'


def test_two_opencvs_are_a_conflict(monkeypatch):
    monkeypatch.setattr(doctor, '_version', lambda names: '1.0')
    finding = next(f for f in doctor.examine() if f.name == 'OpenCV')
    assert finding.state == doctor.BROKEN and 'pip uninstall' in finding.remedy


def test_a_checkpoint_that_does_not_load_is_reported(monkeypatch):
    monkeypatch.setattr(checkpoints, '_safe_globals', list)
    finding = next(f for f in doctor.examine() if f.name == 'checkpoints')
    assert finding.state == doctor.BROKEN


@pytest.mark.parametrize('arguments', [['config'], ['nonsense', 'x'], ['a', 'b', 'c']])
def test_the_command_line_explains_itself(arguments):
    assert 'usage' in __main__.main(arguments)


def test_the_command_line_finds_paths(capsys):
    assert __main__.main(['tool', 'train.py']) == 0
    assert capsys.readouterr().out.strip().endswith('train.py')
    assert 'the nearest: td-reg_cnn6_wing' in __main__.main(['config', 'cnn6_wing'])
    unlike = __main__.main(['config', '?'])
    assert 'there are:\n' in unlike and 'synthetic-64x64\n' in unlike
