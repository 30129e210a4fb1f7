"""An editable install and a wheel, made with pip in an environment of their own."""

import os
import shutil
import subprocess
import sysconfig
import venv
from pathlib import Path

import pytest

import mmwing

ROOT = Path(mmwing.__file__).resolve().parent.parent
pytestmark = pytest.mark.skipif(not (ROOT / 'setup.py').is_file(),
                                reason='needs a checkout')
CONFIG = 'td-reg_cnn6_wing_1xb64-24e_synthetic-64x64'


class Environment:
    """A checkout in a folder called mmwing, and beside it an empty environment.

    Its Python also finds what is installed in the one that runs the tests.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.checkout = folder / 'mmwing'
        shutil.copytree(
            ROOT, self.checkout, ignore=lambda parent, names: [
                name for name in names if name.startswith('.') or name == '__pycache__'
                or parent == str(ROOT) and name not in (
                    'mmwing', 'configs', 'tools', 'requirements', 'setup.py',
                    'pyproject.toml', 'MANIFEST.in', 'README.md')])
        venv.create(folder / 'venv', with_pip=False)
        packages = next((folder / 'venv' / 'lib').glob('python*/site-packages'))
        (packages / 'outer.pth').write_text(sysconfig.get_path('purelib'))

    def run(self, *command: str, cwd: Path | None = None) -> str:
        environment = {name: value for name, value in os.environ.items()
                       if name != 'PYTHONPATH'}
        program = self.folder / 'venv' / 'bin' / command[0]
        done = subprocess.run([program, *command[1:]], cwd=cwd or self.folder,
                              env=environment, capture_output=True, text=True,
                              timeout=500)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def pip(self, *arguments: str) -> None:
        self.run('python', '-m', 'pip', 'install', '-q', '--no-deps',
                 '--no-build-isolation', '--disable-pip-version-check', *arguments)


def test_an_editable_install_is_found_from_beside_the_checkout(tmp_path):
    environment = Environment(tmp_path)
    environment.pip('-e', 'mmwing')
    # The working directory comes first on the path, and mmwing is a folder there.
    printed = environment.run('python', '-c', 'import mmwing; print(mmwing.__file__)')
    assert printed.strip() == str(environment.checkout / 'mmwing' / '__init__.py')
    report = environment.run('python', '-m', 'mmwing', 'doctor')
    assert f'{mmwing.__version__}  {environment.checkout / "mmwing"}\n' in report
    path = environment.run('mmwing', 'configs', CONFIG).strip()
    assert Path(path).is_relative_to(environment.checkout / 'configs')


def test_a_wheel_brings_configs_and_programs(tmp_path):
    environment = Environment(tmp_path)
    weights = environment.checkout / 'mmwing/inference/weights'
    weights.mkdir(exist_ok=True)
    for suffix in ('.pth', '.md'):
        (weights / f'a-model{suffix}').write_text('weights or card')
    environment.pip('./mmwing')
    shutil.rmtree(environment.checkout)
    for suffix in ('.pth', '.md'):
        assert list((tmp_path / 'venv').rglob(f'weights/a-model{suffix}'))
    path = Path(environment.run('mmwing', 'configs', CONFIG).strip())
    assert path.is_file() and path.is_relative_to(tmp_path / 'venv')
    assert environment.run('mmwing', 'plot-losses', 'losses.png') == (
        'wrote losses.png\n')
