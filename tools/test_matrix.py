"""Install and try mmwing on each Python, MMEngine and numpy, one at a time.

Usage: python tools/test_matrix.py [--pythons 3.10 3.11] [--out FILE]

Each row is a fresh environment (removed before the next one is made, since a torch
with CUDA takes gigabytes): the wheel is built and installed as a user would, the
doctor runs its trial, then one training iteration, a resume, a test that draws and
reports, and a prediction run from an empty folder. Needs the interpreters (pyenv's are
found) and a package index; runs on the standard library.
"""

import argparse
import glob
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONFIG = 'td-reg_cnn6_wing_1xb64-24e_synthetic-64x64'
TINY = [
    '--cfg-options', 'train_dataloader.dataset.num_samples=8',
    'train_dataloader.batch_size=8', 'train_dataloader.num_workers=0',
    'train_dataloader.persistent_workers=False',
    'val_dataloader.dataset.num_samples=8', 'val_dataloader.num_workers=0',
    'val_dataloader.persistent_workers=False',
    'test_dataloader.dataset.num_samples=8', 'test_dataloader.num_workers=0',
    'test_dataloader.persistent_workers=False'
]
PREDICT = """
import mmwing
face, = mmwing.FaceLandmarker('work', detector=None)('sheet.png', boxes='whole')
assert face.keypoints.shape == (68, 2)
"""
#: Name in the table -> what is installed instead of the pinned MMEngine.
ENGINES = {
    'mmengine 0.10.7': None,
    'onedl-mmengine': 'onedl-mmengine',
}
# The last releases of these that were built against numpy 1.
NUMPY_1 = ['numpy==1.26.4', 'opencv-python-headless==4.11.0.86', 'scipy<1.16',
           'matplotlib<3.11', 'pycocotools==2.0.8']
#: numpy 1.26 has wheels for these.
NUMPY_1_PYTHONS = ('3.10', '3.11', '3.12')


def find_python(version: str) -> str | None:
    """An interpreter of this version: pyenv's newest, else the one on the path."""
    pyenv = os.environ.get('PYENV_ROOT', os.path.expanduser('~/.pyenv'))
    found = sorted(glob.glob(f'{pyenv}/versions/{version}.*/bin/python'))
    return found[-1] if found else shutil.which(f'python{version}')


class Failure(Exception):
    """A step that ended with an error."""


def run(step: str, command: list[str], cwd: str, log: Path) -> None:
    """Run one step quietly; its output goes to ``log``."""
    with log.open('a') as stream:
        stream.write(f'\n$ {" ".join(command)}\n')
        stream.flush()
        environment = dict(os.environ)
        environment.pop('PYTHONPATH', None)
        done = subprocess.run(command, cwd=cwd, stdout=stream,
                              stderr=subprocess.STDOUT, env=environment)
    if done.returncode:
        raise Failure(f'{step} failed, see {log}')


def versions(python: str) -> str:
    """The versions of torch and numpy in an environment."""
    code = ('import torch, numpy; '
            'print(torch.__version__.split("+")[0], numpy.__version__)')
    return subprocess.run([python, '-c', code], capture_output=True,
                          text=True).stdout.strip()


def try_environment(python: str, engine: str | None, numpy: list[str],
                    log: Path) -> str:
    """One row of the table: install, then all that a user does."""
    log.unlink(missing_ok=True)
    folder = tempfile.mkdtemp(prefix='mmwing-matrix-')
    try:
        run('venv', [python, '-m', 'venv', f'{folder}/venv'], folder, log)
        here = f'{folder}/venv/bin/python'
        pip = [here, '-m', 'pip', 'install', '-q', '--disable-pip-version-check']
        requirements = ROOT / 'requirements'
        run('torch', [*pip, '-r', str(requirements / 'torch.txt')], folder, log)
        pinned = ['-c', str(requirements / 'constraints.txt')]
        run('install', [*pip, *(numpy or pinned), str(ROOT)], folder, log)
        run('openmmlab', [*pip, '--no-deps', '-r',
                          str(requirements / 'openmmlab.txt')], folder, log)
        run('setuptools', [*pip, 'setuptools<81'], folder, log)
        if engine:
            # It installs the module mmengine, too: only one of them at a time.
            run('uninstall', [here, '-m', 'pip', 'uninstall', '-qy', 'mmengine'],
                folder, log)
            run('engine', [*pip, '--no-deps', engine], folder, log)
        installed = versions(here)
        mmwing = f'{folder}/venv/bin/mmwing'
        run('doctor', [mmwing, 'doctor'], folder, log)
        train = [mmwing, 'train', CONFIG, '--work-dir', 'work']
        run('train', [*train, *TINY, 'train_cfg.max_epochs=1'], folder, log)
        run('resume', [*train, '--resume', *TINY, 'train_cfg.max_epochs=2'],
            folder, log)
        run('test', [mmwing, 'test', CONFIG, 'work', '--report', 'report', *TINY],
            folder, log)
        run('draw', [mmwing, 'test', CONFIG, 'work', '--show-dir', 'drawn', *TINY],
            folder, log)
        run('browse', [mmwing, 'browse', CONFIG, '--out', 'sheet.png'], folder, log)
        run('predict', [here, '-c', PREDICT], folder, log)
        return f'{installed.replace(" ", " | ")} | works'
    except Failure as failure:
        return f'- | - | {failure}'
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--pythons', nargs='+',
                        default=['3.10', '3.11', '3.12', '3.13'])
    parser.add_argument('--logs', default='work_dirs/matrix',
                        help='folder for the logs of each environment')
    parser.add_argument('--out', help='file to write the table to, as Markdown')
    args = parser.parse_args()
    logs = Path(args.logs).resolve()
    logs.mkdir(parents=True, exist_ok=True)
    lines = ['| Python | engine | torch | numpy | train, resume, test, draw, predict |',
             '|---|---|---|---|---|']
    for version in args.pythons:
        python = find_python(version)
        for name, engine in ENGINES.items():
            for numpy in ([], NUMPY_1):
                if numpy and version not in NUMPY_1_PYTHONS:
                    continue
                log = logs / (f'{version}-{name.replace(" ", "-")}-'
                              f'numpy-{1 if numpy else 2}.log')
                row = (f'| {version} | {name} | ' +
                       ('- | - | no interpreter' if python is None else
                        try_environment(python, engine, numpy, log)) +
                       ' |')
                lines.append(row)
                print(row, flush=True)
    if args.out:
        Path(args.out).write_text('\n'.join(lines) + '\n')
    return int(any('works' not in line for line in lines[2:]))


if __name__ == '__main__':
    sys.exit(main())
