"""The doctor says what is broken and how to fix it."""

import importlib
import sys
from collections import OrderedDict
from pathlib import Path

import pytest
from mmengine.visualization import Visualizer
from mmpose.visualization import PoseLocalVisualizer

from mmwing import stack, trial
from mmwing.stack import checkpoints, doctor


def test_a_healthy_stack_passes(capsys):
    assert doctor.main() == 0
    printed = capsys.readouterr().out
    assert 'All that mmwing needs works.' in printed
    for package in stack.offered:
        line = next(x for x in printed.splitlines() if x.startswith(package))
        assert 'stand-in' in line
    for step in trial.STEPS:
        line = next(x for x in printed.splitlines() if x.startswith(f'{step} '))
        assert line.split()[1:] == ['works']


@pytest.mark.parametrize(('code', 'name', 'note'), [
    ('print("trial: load: works\\ntrial: train: ValueError: odd"); exit(1)',
     'train', 'ValueError: odd'),
    ('import os; print("trial: load: works", flush=True); os.kill(os.getpid(), 11)',
     'trial', "ended with status -11 after the step 'load'"),
    ('no_such_name', 'trial', "ended with status 1 after the step 'trial'")])
def test_a_step_that_fails_is_named(code, name, note, tmp_path, monkeypatch):
    (tmp_path / 'failing_trial.py').write_text(code)
    monkeypatch.setenv('PYTHONPATH', str(tmp_path))
    monkeypatch.setattr(doctor, '_TRIAL', 'failing_trial')
    finding = next(f for f in doctor._trial() if f.state == doctor.BROKEN)
    assert (finding.name, finding.note) == (name, note)
    assert 'python -m failing_trial' in finding.remedy


def test_the_trial_names_the_step_that_fails(monkeypatch, capsys):
    """Here drawing, as with a numpy that MMPose does not know."""
    # The trial is a process of its own. Here, visualizers of other tests are left in
    # MMEngine's tables, and hooks take the one that was made last.
    for cls in (Visualizer, PoseLocalVisualizer):
        monkeypatch.setattr(cls, '_instance_dict', OrderedDict())

    def fail(self, *arguments, **options):
        raise TypeError('only 0-dimensional arrays can be converted')

    monkeypatch.setattr(PoseLocalVisualizer, 'add_datasample', fail)
    assert trial.main() == 1
    lines = [line for line in capsys.readouterr().out.splitlines()
             if line.startswith(trial.PREFIX)]
    assert lines[-2] == 'trial: test: works'
    assert lines[-1].startswith('trial: draw: TypeError: only 0-dimensional arrays')


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


def test_a_folder_is_not_taken_for_a_package(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, '_REQUIRED', {
        'no_such_package': (('no-such-package', ), 'pip install it')})
    (tmp_path / 'no_such_package').mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    finding, = doctor._required()
    assert finding.state == doctor.BROKEN and finding.remedy == 'pip install it'
    assert str(tmp_path / 'no_such_package') in finding.note


def test_a_folder_that_hides_mmwing_is_found(tmp_path, monkeypatch):
    assert doctor._itself().state == doctor.REAL
    package = Path(doctor.__file__).resolve().parents[1]
    # As with an editable install that is found by a finder, not by the path.
    path = [entry for entry in sys.path if entry and not (
        Path(entry) / 'mmwing' / '__init__.py').is_file()]
    monkeypatch.setattr(sys, 'path', path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'mmwing').mkdir()
    finding = doctor._itself()
    assert finding.state == doctor.BROKEN
    assert str(tmp_path / 'mmwing') in finding.note
    assert f'-e {package.parent}' in finding.remedy
