"""Report what works here, what stands in and what is broken: ``mmwing doctor``.

What imports is then used: a training of seconds, see :mod:`mmwing.trial`.

Nothing of mmwing beside this package has to import for it.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.metadata
import os
import platform
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mmwing import stack
from mmwing.version import __version__

from .stand_ins import plain_folder

REAL, STAND_IN, WORKS, BROKEN = 'real', 'stand-in', 'works', 'broken'

_TRIAL = 'mmwing.trial'

_MM_INSTALL = 'pip install --no-deps mmpose==1.3.2 mmengine==0.10.7 mmcv-lite==2.1.0'


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report.

    Attributes:
        name: What was looked at.
        state: ``'real'``, ``'stand-in'``, ``'works'`` or ``'broken'``.
        version: Its version, or ``'-'``.
        note: What is lost, or the reason.
        remedy: The command that mends or completes it; empty if nothing is to do.
    """

    name: str
    state: str
    version: str = '-'
    note: str = ''
    remedy: str = ''


#: Module -> distributions that may bring it, and the command that installs it.
_REQUIRED = {
    'numpy': (('numpy', ), 'pip install "numpy>=1.26"'),
    'cv2': (('opencv-python-headless', 'opencv-python',
             'opencv-contrib-python-headless', 'opencv-contrib-python'),
            'pip install opencv-python-headless'),
    'torch': (('torch', ), 'pip install "torch>=2.6,<3"'),
    'mmengine': (('mmengine', 'onedl-mmengine'), _MM_INSTALL),
    'mmcv': (('mmcv', 'mmcv-lite', 'onedl-mmcv'), _MM_INSTALL),
    'mmpose': (('mmpose', 'onedl-mmpose'), _MM_INSTALL),
    'pycocotools': (('pycocotools', ), 'pip install pycocotools'),
}

#: Modules whose distribution has another name.
_DISTRIBUTION = {'PIL': 'pillow', 'cv2': 'opencv-python-headless', 'yaml': 'pyyaml'}


def _version(distributions: tuple[str, ...]) -> str:
    for name in distributions:
        try:
            return f'{importlib.metadata.version(name)} ({name})'
        except importlib.metadata.PackageNotFoundError:
            continue
    return '-'


def _first_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return f'{type(error).__name__}: {text[0] if text else ""}'


def _opencv_conflict() -> Finding | None:
    installed = [name for name in _REQUIRED['cv2'][0] if _version((name, )) != '-']
    if len(installed) < 2:
        return None
    return Finding('OpenCV', BROKEN, '-',
                   f'{" and ".join(installed)} overwrite each other',
                   f'pip uninstall -y {" ".join(installed)} && '
                   'pip install opencv-python-headless')


def _itself() -> Finding:
    """Whether Python finds this mmwing when it is started in the working directory."""
    package = Path(__file__).resolve().parents[1]
    # Editable installs of setuptools' other kind are asked after the path.
    spec = importlib.machinery.PathFinder.find_spec('mmwing', [os.getcwd(), *sys.path])
    if folder := plain_folder(spec):
        return Finding('mmwing', BROKEN, __version__,
                       f'a Python started here imports the folder {folder}, which is '
                       'no package',
                       f'pip install --no-deps -e {package.parent}, or start elsewhere')
    return Finding('mmwing', REAL, __version__, str(package))


def _required() -> Iterator[Finding]:
    # mmcv-lite says that it has no operators; that is what the stand-ins are for.
    warnings.filterwarnings('ignore', 'Fail to import')
    for module, (distributions, remedy) in _REQUIRED.items():
        try:
            loaded = importlib.import_module(module)
            if folder := plain_folder(loaded.__spec__):
                raise ImportError(f'the folder {folder}, which is no package, is '
                                  'imported in its place')
        except Exception as error:  # whatever a broken binary raises
            missing = getattr(error, 'name', None)
            if missing and missing.split('.')[0] != module:
                remedy = f'pip install {_DISTRIBUTION.get(missing, missing)}'
            yield Finding(module, BROKEN, _version(distributions),
                          _first_line(error), remedy)
        else:
            yield Finding(module, REAL, _version(distributions))


def _stand_ins() -> Iterator[Finding]:
    for name, stand_in in stack.STAND_INS.items():
        reason = stack.offered.get(name)
        if reason is None:
            yield Finding(name, REAL, _version((name.split('.')[0], )))
        else:
            yield Finding(name, STAND_IN, '-', f'without: {stand_in.purpose}',
                          stand_in.install)


def _mmpose_loads() -> Iterator[Finding]:
    for module in ('mmpose.models', 'mmpose.datasets', 'mmpose.evaluation',
                   'mmpose.visualization', 'mmwing.api'):
        try:
            importlib.import_module(module)
        except Exception as error:  # the report must reach its end
            remedy = (_MM_INSTALL if module.startswith('mmpose')
                      else 'pip install --force-reinstall --no-deps mmwing')
            yield Finding(module, BROKEN, '-', _first_line(error), remedy)
        else:
            yield Finding(module, REAL)


def _checkpoints_load() -> Finding:
    """Write a checkpoint as MMEngine's hook does, and read it back."""
    import tempfile
    from pathlib import Path

    import numpy as np
    import torch
    from mmengine.logging import HistoryBuffer
    from mmengine.runner import CheckpointLoader

    buffer = HistoryBuffer()
    buffer.update(np.float64(0.5))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'checkpoint.pth'
        try:
            torch.save({'state_dict': {}, 'message_hub': {'loss': buffer}}, path)
            CheckpointLoader.load_checkpoint(str(path), logger='silent')
        except Exception as error:  # the report must reach its end
            return Finding('checkpoints', BROKEN, '-', _first_line(error),
                           'pip install "torch>=2.6,<3" "numpy>=1.26"')
    return Finding('checkpoints', REAL, '-', 'weights_only, with an allow-list')


def _trial() -> Iterator[Finding]:
    """Load, train, resume, test, draw and predict, in a process of its own."""
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, (root, os.environ.get('PYTHONPATH'))))
    done = subprocess.run([sys.executable, '-m', _TRIAL], capture_output=True,
                          text=True, env={**os.environ, 'PYTHONPATH': path})
    remedy = f'see python -m {_TRIAL}, which shows the traceback'
    step, result = 'trial', ''
    for line in done.stdout.splitlines():
        if line.startswith('trial: '):
            step, _, result = line.removeprefix('trial: ').partition(': ')
            yield (Finding(step, WORKS) if result == 'works' else
                   Finding(step, BROKEN, '-', result, remedy))
    if done.returncode and result in ('', 'works'):  # a crash, not an exception
        yield Finding('trial', BROKEN, '-', f'ended with status {done.returncode} '
                      f'after the step {step!r}', remedy)


def examine() -> list[Finding]:
    """Look at everything that mmwing needs, from the bottom up."""
    findings = [_itself(), *_required()]
    conflict = _opencv_conflict()
    if conflict is not None:
        findings.append(conflict)
    if any(finding.state == BROKEN and finding.name not in ('mmwing', 'OpenCV')
           for finding in findings):
        return findings  # the rest would only repeat it
    try:
        stack.prepare()
    except Exception as error:  # the report must reach its end
        return [*findings, Finding('stand-ins', BROKEN, '-', _first_line(error),
                                   _MM_INSTALL)]
    findings += [*_stand_ins(), *_mmpose_loads(), _checkpoints_load()]
    return findings


def report(findings: list[Finding]) -> str:
    """The findings as a table, with the remedies below it."""
    width = max(len(finding.name) for finding in findings)
    lines = [f'Python {platform.python_version()} ({sys.executable})']
    for f in findings:
        line = f'{f.name:<{width}}  {f.state:<8}  '
        lines.append((line + '  '.join(x for x in (f.version, f.note)
                                       if x and x != '-')).rstrip())
    broken = [f for f in findings if f.state == BROKEN]
    optional = [f for f in findings if f.state == STAND_IN]
    if optional:
        lines += ['', 'Optional; only if you need what is named above:']
        lines += [f'  {f.name:<{width}}  {f.remedy}' for f in optional]
    if broken:
        lines += ['', 'Broken; fix with:']
        lines += [f'  {f.name:<{width}}  {f.remedy}' for f in broken]
    else:
        lines += ['', 'All that mmwing needs works.']
    return '\n'.join(lines)


def main() -> int:
    """Print the report; 0 when nothing is broken, else 1."""
    findings = examine()
    if all(finding.state != BROKEN for finding in findings):
        findings += _trial()
    print(report(findings))
    return int(any(finding.state == BROKEN for finding in findings))
