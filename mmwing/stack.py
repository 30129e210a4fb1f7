"""The one place that makes OpenMMLab's last releases import and load today.

:func:`prepare` runs once, when ``mmwing`` is imported. It changes nothing
that works: a package that imports is used as it is, and a stand-in is offered
only for a module that is missing or whose import fails. Stand-ins are served
by an import hook, so they cost nothing until MMPose asks for them. They let
MMPose *import*; one that is really called raises :class:`ImportError` with
the command that installs the real thing.

========================  ===============================================
module                    why MMPose cannot do without it
========================  ===============================================
``mmcv.ops``              ``edpose_head`` imports it unguarded; mmcv-lite has no ops
``mmdet.utils``           ``rtmo_head`` imports it unguarded
``torchvision.transforms``  the SimCC visualizer imports it unguarded
``xtcocotools``           its wheels were built for numpy 1; pycocotools serves
``pkg_resources``         MMEngine resolves ``mmpose::`` bases with it; setuptools
                          82 dropped it
========================  ===============================================

Checkpoints are loaded with ``weights_only=True`` and the short allow-list
that MMEngine's own training state needs, see :func:`load_checkpoint_file`.
"""

from __future__ import annotations

import codecs
import difflib
import functools
import importlib
import importlib.abc
import importlib.machinery
import importlib.metadata
import importlib.util
import os
import os.path as osp
import pickle
import sys
import types
import warnings
from collections.abc import Callable
from dataclasses import dataclass

#: Checkpoint files named here (separated by ``os.pathsep``) are loaded without
#: the ``weights_only`` restriction.
TRUST_VARIABLE = 'MMWING_TRUST_CHECKPOINT'

_trusted: set[str] = set()


@dataclass(frozen=True)
class StandIn:
    """What is offered for one top-level package that does not import.

    Attributes:
        needs: Modules whose import decides whether the real package is used.
        modules: Stand-in module -> function that fills its namespace.
        install: The command that installs the real package.
        purpose: What is lost while the stand-in is in place.
        try_import: False takes a module that is found for one that imports.
    """

    needs: tuple[str, ...]
    modules: dict[str, Callable[[], dict]]
    install: str
    purpose: str
    try_import: bool = True


def _placeholder(module: str, name: str, install: str) -> type:
    """A class that can be imported, subclassed and tested, but not called."""

    def refuse(cls, *args, **kwargs):
        raise ImportError(
            f'{module}.{name} is needed here, but {module.split(".")[0]} is not '
            f'installed in full (mmwing only stands in so that MMPose imports). '
            f'Install it with: {install}')

    return type(name, (), {'__new__': refuse, '__module__': module})


def _placeholders(module: str, names: tuple[str, ...], install: str):
    return lambda: {name: _placeholder(module, name, install) for name in names}


def _empty() -> dict:
    # `__path__` marks a package, so that its stand-in submodules are looked up.
    return {'__path__': []}


def _torchvision() -> dict:
    # MMEngine's environment report reads the version of whatever imports.
    return {'__path__': [], '__version__': '0.0.0+stand.in'}


def _pycoco(name: str) -> Callable[[], dict]:

    def namespace() -> dict:
        try:
            real = importlib.import_module(f'pycocotools.{name}')
        except ImportError as error:
            raise ImportError(
                'MMPose reads COCO-style annotations with xtcocotools, which '
                'does not import here, and pycocotools, which stands in for '
                'it, does not either. Install it with: '
                'pip install pycocotools') from error
        public = {k: v for k, v in vars(real).items() if not k.startswith('_')}
        if name == 'cocoeval':
            # pycocotools has no `sigmas` / `use_area`: OKS would be wrong.
            public['COCOeval'] = _placeholder('xtcocotools.cocoeval', 'COCOeval',
                                              _XTCOCO_INSTALL)
        return public

    return namespace


class _Distribution:
    """The three things that MMEngine asks of a ``pkg_resources`` distribution."""

    def __init__(self, name: str) -> None:
        self._dist = importlib.metadata.distribution(name)
        self.version = self._dist.version
        self.location = str(self._dist.locate_file(''))

    def has_metadata(self, filename: str) -> bool:
        return self._dist.read_text(filename) is not None

    def get_metadata(self, filename: str) -> str:
        return self._dist.read_text(filename) or ''


def _pkg_resources() -> dict:
    return {
        'get_distribution': _Distribution,
        'DistributionNotFound': importlib.metadata.PackageNotFoundError,
    }


_MMCV_INSTALL = 'pip install "mmcv>=2.0.1" --no-build-isolation (builds from source)'
_MMDET_INSTALL = 'pip install mmdet --no-deps'
_TORCHVISION_INSTALL = 'pip install torchvision (the release built for your torch)'
_XTCOCO_INSTALL = 'pip install xtcocotools --no-build-isolation (builds from source)'

STAND_INS: dict[str, StandIn] = {
    'mmcv.ops':
    StandIn(('mmcv.ops', ), {
        'mmcv.ops':
        _placeholders('mmcv.ops',
                      ('MultiScaleDeformableAttention', 'SyncBatchNorm'),
                      _MMCV_INSTALL)
    }, _MMCV_INSTALL, 'compiled operators (ED-Pose, DEKR, deformable convolutions)'),
    'mmdet':
    StandIn(('mmdet.utils', ), {
        'mmdet': _empty,
        'mmdet.utils': _placeholders('mmdet.utils', ('ConfigType', 'reduce_mean'),
                                     _MMDET_INSTALL),
    }, _MMDET_INSTALL, 'detectors of the Inferencer, RTMO, mmdet.* transforms'),
    'torchvision':
    StandIn(('torchvision.transforms', ), {
        'torchvision': _torchvision,
        'torchvision.transforms': _placeholders(
            'torchvision.transforms', ('ToPILImage', ), _TORCHVISION_INSTALL),
    }, _TORCHVISION_INSTALL, 'torchvision:// weights, the SimCC figure'),
    'xtcocotools':
    StandIn(('xtcocotools.coco', 'xtcocotools.cocoeval', 'xtcocotools.mask'), {
        'xtcocotools': _empty,
        'xtcocotools.coco': _pycoco('coco'),
        'xtcocotools.cocoeval': _pycoco('cocoeval'),
        'xtcocotools.mask': _pycoco('mask'),
    }, _XTCOCO_INSTALL, 'COCO key-point AP; annotations are read by pycocotools'),
    'pkg_resources':
    StandIn(('pkg_resources', ), {'pkg_resources': _pkg_resources},
            'pip install "setuptools<81"',
            'nothing: importlib.metadata answers instead',
            # Importing it is slow and warns of its own deprecation.
            try_import=False),
}


class _StandInFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Serves the stand-ins of the packages that were found wanting."""

    def __init__(self) -> None:
        self._offered: dict[str, Callable[[], dict]] = {}

    def offer(self, stand_in: StandIn) -> None:
        self._offered.update(stand_in.modules)

    def find_spec(self, fullname, path=None, target=None):
        if fullname not in self._offered:
            return None
        return importlib.machinery.ModuleSpec(
            fullname, self, origin='mmwing.stack', is_package=False)

    def create_module(self, spec) -> types.ModuleType:
        return types.ModuleType(
            spec.name, 'Offered by mmwing.stack; see its documentation.')

    def exec_module(self, module: types.ModuleType) -> None:
        vars(module).update(self._offered[module.__name__]())


_finder = _StandInFinder()

#: Package -> why its stand-in is offered; filled by :func:`prepare`.
offered: dict[str, str] = {}


def _why_unusable(stand_in: StandIn) -> str | None:
    """``None`` when the real modules import, else the reason they do not."""
    try:
        if any(importlib.util.find_spec(name) is None for name in stand_in.needs):
            return 'not installed'
    except ModuleNotFoundError:
        return 'not installed'
    except Exception as error:  # a parent package that breaks on import
        return f'{type(error).__name__}: {error}'
    try:
        for name in stand_in.needs if stand_in.try_import else ():
            importlib.import_module(name)
    except Exception as error:  # whatever a binary built for another numpy raises
        return f'{type(error).__name__}: {error}'
    return None


@functools.cache
def prepare() -> None:
    """Offer stand-ins for what is missing and make checkpoints load.

    Idempotent. Must run before the first import of ``mmpose.models``,
    ``mmpose.datasets`` or ``mmpose.visualization``; ``import mmwing`` does.
    """
    # MMEngine imports it, again and again; the doctor says what is installed.
    warnings.filterwarnings('ignore', 'pkg_resources is deprecated')
    with warnings.catch_warnings():
        # mmcv-lite warns of its missing operators, which MMPose's models import.
        warnings.filterwarnings('ignore', 'Fail to import')
        for package, stand_in in STAND_INS.items():
            reason = _why_unusable(stand_in)
            if reason is None:
                continue
            offered[package] = reason
            for name in stand_in.modules:
                # Drop what a failed import left behind.
                sys.modules.pop(name, None)
            _finder.offer(stand_in)
        if _finder not in sys.meta_path:
            # In front, because the path finder would find a broken package.
            sys.meta_path.insert(0, _finder)
        importlib.import_module('mmcv.cnn.bricks.transformer')
    _register_checkpoint_loaders()


# --------------------------------------------------------------------------
# Checkpoints


def _safe_globals() -> list:
    """What MMEngine's own checkpoints hold beyond tensors and containers.

    Its message hub stores :class:`HistoryBuffer` objects, whose arrays and
    scalars are numpy's. None of these can run code when unpickled.
    """
    import numpy as np
    from mmengine.logging import HistoryBuffer

    # numpy 1.26 has a package numpy._core, too, with nothing in it.
    core = '_core' if np.lib.NumpyVersion(np.__version__) >= '2.0.0' else 'core'
    multiarray = importlib.import_module(f'numpy.{core}.multiarray')
    # `bytes` and `encode` are how pickle writes an array's empty or raw buffer.
    entries: list = [HistoryBuffer, np.ndarray, np.dtype, bytes, codecs.encode,
                     (codecs.encode, '_codecs.encode')]
    for function in ('_reconstruct', 'scalar'):
        # A file written under numpy 1 names numpy.core, under numpy 2 numpy._core.
        for package in ('numpy.core', 'numpy._core'):
            entries.append((getattr(multiarray, function),
                            f'{package}.multiarray.{function}'))
    entries += [type(np.dtype(code)) for code in
                ('f2', 'f4', 'f8', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8', '?')]

    def statistic_of(owner, name):
        # A HistoryBuffer pickles the table of its statistics as getattr calls.
        if owner is HistoryBuffer and name in ('mean', 'max', 'min', 'current'):
            return getattr(owner, name)
        raise pickle.UnpicklingError(f'getattr({owner!r}, {name!r}) is not allowed')

    entries += [(statistic_of, 'builtins.getattr'), (statistic_of, 'getattr')]
    return entries


def trust_checkpoint(path: str) -> None:
    """Load the file ``path`` without the ``weights_only`` restriction.

    Unpickling such a file can run any code that its author put there. Use it
    only for files that you wrote yourself or whose author you trust. The
    environment variable ``MMWING_TRUST_CHECKPOINT`` does the same.
    """
    _trusted.add(osp.realpath(osp.expanduser(path)))


def _is_trusted(path: str) -> bool:
    listed = os.environ.get(TRUST_VARIABLE, '').split(os.pathsep)
    trusted = _trusted | {osp.realpath(osp.expanduser(p)) for p in listed if p}
    return osp.realpath(path) in trusted


def load_checkpoint_file(filename: str, map_location=None):
    """Load a local checkpoint with ``weights_only=True`` and an allow-list.

    Args:
        filename: Path of the file; ``~`` is expanded.
        map_location: As :func:`torch.load`.

    Returns:
        What the file holds, for MMEngine a dict.

    Raises:
        FileNotFoundError: There is no such file.
        pickle.UnpicklingError: The file needs more than tensors, containers
            and MMEngine's training state, and it was not declared trusted;
            or it is no checkpoint at all (damaged, cut off).
    """
    import torch

    filename = osp.expanduser(filename)
    if not osp.isfile(filename):
        raise FileNotFoundError(
            f'checkpoint {filename!r} does not exist (working directory: '
            f'{os.getcwd()})')
    if _is_trusted(filename):
        return torch.load(filename, map_location=map_location, weights_only=False)
    try:
        with torch.serialization.safe_globals(_safe_globals()):
            return torch.load(filename, map_location=map_location,
                              weights_only=True)
    except (pickle.UnpicklingError, EOFError, RuntimeError) as error:
        first_line = (str(error).strip() or type(error).__name__).splitlines()
        reason = next((line.strip() for line in first_line if 'GLOBAL' in line
                       or 'Unsupported' in line), first_line[0])
        # PyTorch's advice is to allow the object everywhere; ours trusts one file.
        reason = reason.split(' Please use ')[0]
        raise pickle.UnpicklingError(
            f'checkpoint {filename!r} was refused: {reason} '
            'It is damaged, or it holds Python objects beside weights, and '
            'loading those can run code. If you trust the file, say so: '
            f'{TRUST_VARIABLE}={filename} in the environment, or '
            'mmwing.stack.trust_checkpoint(path) in Python.') from error


def zoo_url(name: str) -> str:
    """The address behind a name of a model zoo, such as ``torchvision://resnet50``.

    torchvision need not be installed: MMEngine carries a list of its addresses.

    Raises:
        ValueError: The zoo has no such model; the nearest names are given.
    """
    from mmengine.fileio import load
    from mmengine.runner import checkpoint as zoos

    zoo, _, model = name.partition('://')
    if zoo == 'mmcls':
        urls = zoos.get_mmcls_models()
    elif zoo in ('torchvision', 'modelzoo'):
        urls = load(osp.join(osp.dirname(zoos.__file__), osp.pardir, 'hub',
                             'torchvision_0.12.json'))
        if model not in urls and 'torchvision' not in offered:
            urls = zoos.get_torchvision_models()
    else:
        urls = zoos.get_external_models()
        model = zoos.get_deprecated_model_names().get(model, model)
    if model not in urls:
        near = difflib.get_close_matches(model, urls, n=3, cutoff=0.3)
        raise ValueError(f'pretrained weights {name!r} are unknown to {zoo}://; the '
                         f'nearest: {", ".join(near) or "none"}')
    return urls[model]


def _download(url: str, name: str, folder: str | None = None) -> str:
    """The local file of ``url``, fetched unless it is there; ``name`` as the user says.

    Raises:
        FileNotFoundError: It cannot be fetched; says how to do without.
    """
    import torch

    folder = folder or osp.join(torch.hub.get_dir(), 'checkpoints')
    path = osp.join(folder, osp.basename(url))
    if not osp.exists(path):
        os.makedirs(folder, exist_ok=True)
        try:
            torch.hub.download_url_to_file(url, path)
        except OSError as error:
            address = '' if name == url else f' ({url})'
            raise FileNotFoundError(
                f'pretrained weights {name}{address} cannot be reached: {error}. '
                f'Put the file at {path}, or do without: --cfg-options '
                'model.backbone.init_cfg=None (model.init_cfg=None where the config '
                'has them there) trains from scratch') from error
    return path


def _register_checkpoint_loaders() -> None:
    """Tell MMEngine to load local files and downloads through this module."""
    from mmengine.runner.checkpoint import CheckpointLoader

    def load_from_local(filename, map_location):
        return load_checkpoint_file(filename, map_location)

    def load_from_http(filename, map_location=None, model_dir=None):
        return load_checkpoint_file(_download(filename, filename, model_dir),
                                    map_location)

    def load_from_zoo(filename, map_location=None):
        path = zoo_url(filename)
        if '://' in path:
            path = _download(path, filename)
        else:  # a user's own list, relative to MMEngine's home
            cache = os.environ.get('XDG_CACHE_HOME', '~/.cache')
            home = os.environ.get('MMENGINE_HOME', osp.join(cache, 'mmengine'))
            path = osp.join(home, path)
        weights = load_checkpoint_file(path, map_location)
        if not filename.startswith('mmcls://'):
            return weights
        # Classifiers: their backbone is what a pose model loads.
        state = weights.get('state_dict', weights)
        return {'state_dict': {key.removeprefix('backbone.'): value for key, value
                               in state.items() if key.startswith('backbone.')}}

    for prefixes, loader in (
            ([''], load_from_local),
            (['http://', 'https://'], load_from_http),
            (['torchvision://', 'modelzoo://', 'open-mmlab://', 'openmmlab://',
              'mmcls://'], load_from_zoo)):
        CheckpointLoader.register_scheme(prefixes=prefixes, loader=loader, force=True)
