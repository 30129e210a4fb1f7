"""mmwing: Wing loss and direct landmark regression for MMPose, in pixels.

What a config names as ``mmwing.X`` is ``mmwing.X`` in Python, too; :mod:`mmwing.api`
lists all public names by kind. Importing the package makes OpenMMLab's last releases
importable (see :mod:`mmwing.stack`) and registers everything in the scope ``mmwing``.

Where PyTorch is not installed the import succeeds, and each name that needs PyTorch
raises :class:`ImportError` when it is used. The command ``mmwing`` loads PyTorch only
for the programs that need it, and ``import mmwing.runtime`` does not load it.
"""

import sys as _sys
from importlib import import_module as _import_module
from importlib.util import find_spec as _find_spec
from pathlib import PurePath as _PurePath
from types import FrameType as _FrameType
from typing import TYPE_CHECKING

from mmwing import stack
from mmwing.version import __version__

if TYPE_CHECKING:
    from mmwing.api import *  # noqa: F403

_INSTALL = ('pip install "torch>=2.6,<3" && '
            'pip install --no-deps mmpose==1.3.2 mmengine==0.10.7 mmcv-lite==2.1.0')


def _has_torch() -> bool:
    return _find_spec('torch') is not None


def _is_command() -> bool:
    """Whether this process was started as ``mmwing`` or ``python -m mmwing``."""
    program = getattr(_sys, 'argv', [''])[0]
    if program == '-m':  # so it is while Python looks for the module to run
        program = _sys.orig_argv[-len(_sys.argv)]
    return _PurePath(program).name in ('mmwing', 'mmwing.exe')


def _is_runtime() -> bool:
    """Whether the statement that is executed imports ``mmwing.runtime``.

    That is for those who want landmarks at once, without PyTorch.
    """
    frame: _FrameType | None = _sys._getframe()
    while frame is not None:
        if frame.f_code.co_name == '_find_and_load' and str(
                frame.f_locals.get('name')).startswith(f'{__name__}.runtime'):
            return True
        frame = frame.f_back
    return False


def _load() -> None:
    """Prepare the stack, register everything and bind the public names.

    Raises:
        ImportError: Something that mmwing needs is missing or broken.
    """
    global _loaded
    _loaded = True  # at once: what is imported here looks for names of this package
    try:
        stack.prepare()
        # Registration happens on import, hence after the stack is prepared.
        api = _import_module('mmwing.api')
    except Exception as error:
        _loaded = False
        raise ImportError(
            f'mmwing cannot be imported: {type(error).__name__}: {error}\n'
            '`mmwing doctor` says what is missing and how to fix it') from error
    globals().update({name: getattr(api, name) for name in api.__all__},
                     __all__=['__version__', *api.__all__])


def __getattr__(name: str) -> object:
    """Load what is not there yet, or say what has to be installed for it."""
    if not _loaded and not name.startswith('__'):
        if _has_torch():
            _load()
            if name in globals():
                return globals()[name]
        elif _find_spec(f'{__name__}.{name}') is None:
            raise ImportError(f'mmwing.{name} needs PyTorch, which is not installed: '
                              f'{_INSTALL}')
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


__all__ = ['__version__']
_loaded = False
if _has_torch() and not _is_command() and not _is_runtime():
    _load()
