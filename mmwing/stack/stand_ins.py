"""Stand-ins for modules that MMPose imports and that are not installed.

A stand-in is offered only for a module that is missing or whose import fails; a
package that imports is used as it is. An import hook serves the stand-ins, so that
they cost nothing until MMPose asks for them. They let MMPose *import*; one that is
called raises :class:`ImportError` with the command that installs the real package.

===========================  ====================================================
module                       who needs it
===========================  ====================================================
``mmcv.ops``                 ``edpose_head`` imports it; mmcv-lite has no operators
``mmdet.utils``              ``rtmo_head`` imports it
``torchvision.transforms``   the SimCC visualizer imports it
``xtcocotools``              MMPose's data sets; its wheels were built for numpy 1,
                             pycocotools takes its place
``pkg_resources``            MMEngine, for bases named ``mmpose::``; setuptools 82
                             dropped it
===========================  ====================================================
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.metadata
import importlib.util
import sys
import types
import warnings
from collections.abc import Callable
from dataclasses import dataclass


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

#: Package -> why its stand-in is offered; filled by :func:`offer_stand_ins`.
offered: dict[str, str] = {}


def plain_folder(spec: importlib.machinery.ModuleSpec | None) -> str | None:
    """The folder behind a module that is no package (a namespace), else ``None``.

    Python imports a folder without ``__init__.py``, say in the working directory, where
    it finds no package of that name.
    """
    if spec is None or spec.origin is not None or not spec.submodule_search_locations:
        return None
    return next(iter(spec.submodule_search_locations))


def _why_unusable(stand_in: StandIn) -> str | None:
    """``None`` when the real modules import, else the reason they do not."""
    try:
        for name in stand_in.needs:
            spec = importlib.util.find_spec(name)
            if spec is None:
                return 'not installed'
            if folder := plain_folder(spec):
                return f'not installed; the folder {folder} is no package'
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


def offer_stand_ins() -> None:
    """Offer a stand-in for each module that is missing or broken.

    Must run before the first import of ``mmpose.models``, ``mmpose.datasets`` or
    ``mmpose.visualization``.
    """
    # MMEngine imports it again and again; the doctor says what is installed.
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
