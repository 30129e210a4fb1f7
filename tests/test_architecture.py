"""Which part of mmwing may import which, and that nothing else does."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / 'mmwing'

#: Part -> the parts that it may import. A part is a package or a module; naming a
#: package allows all of its parts. `registry`, `version` and `arguments` are open to
#: all.
MAY_IMPORT = {
    'version': '',
    'registry': '',
    'arguments': '',
    'resources': '',
    'csv_cells': '',
    'files': '',
    'images': 'files',
    'locks': 'files',
    'geometry': '',
    'mean_head': '',
    'walk': '',
    'progress': '',
    'stack': 'files',
    # All that runs without PyTorch.
    'runtime': 'files images mean_head',
    # Figures of arrays: below the pictures that show them.
    'evaluation.functional': 'evaluation.arrays evaluation.normalizers '
                             'evaluation.units',
    'evaluation.units': 'evaluation.normalizers',
    'evaluation.normalizers': 'evaluation.arrays evaluation.layouts '
                              'evaluation.faces',
    'evaluation.faces': 'evaluation.arrays',
    'evaluation.arrays': '',
    'evaluation.layouts': '',
    'visualization': 'evaluation.functional files geometry images',
    'codecs': 'geometry',
    'datasets.formats': 'csv_cells files geometry images',
    'datasets.converters': 'datasets.checks datasets.formats files geometry images '
                           'progress',
    'datasets.canvases': 'datasets.formats files images locks progress resources',
    'datasets.checks': 'datasets.formats files geometry images visualization',
    'datasets.transforms': 'datasets.canvases datasets.formats runtime files geometry '
                           'images',
    'datasets.wrappers': 'datasets.canvases datasets.formats files geometry',
    'datasets.samplers': '',
    'datasets.face': 'datasets.checks datasets.formats datasets.transforms files '
                     'geometry images mean_head',
    'datasets': 'datasets.face datasets.samplers datasets.transforms '
                'datasets.wrappers',
    'evaluation': 'datasets codecs csv_cells files geometry images visualization '
                  'walk',
    'engine': 'evaluation datasets codecs files geometry runtime',
    'models': 'datasets.canvases datasets.transforms codecs files geometry runtime',
    'config': 'models engine evaluation datasets codecs files geometry '
              'visualization stack resources runtime walk locks csv_cells',
    'benchmark': 'inference config models engine evaluation datasets codecs files '
                 'geometry runtime visualization',
    'comparison': 'config models engine evaluation datasets codecs files geometry '
                  'visualization resources locks',
    'inference': 'config models engine evaluation datasets codecs files geometry '
                 'images visualization stack resources runtime walk '
                 'csv_cells',
    'functional': 'evaluation models',
    'api': 'functional inference config models engine evaluation datasets codecs '
           'resources',
    'trial': 'inference config datasets',
    '__init__': 'api stack',
    'cli': '__init__ stack resources',
    '__main__': 'cli',
}

#: Calls that replace files. Only `files` does that, so that each file is whole.
REPLACING = {'os.replace', 'os.rename', 'os.renames', 'shutil.move'}


def module_name(path: Path) -> str:
    """``losses.base`` of ``mmwing/losses/base.py``, ``losses`` of its package."""
    parts = path.relative_to(PACKAGE).with_suffix('').parts
    return '.'.join(parts[:-1] if parts[-1] == '__init__' and len(parts) > 1
                    else parts)


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob('*.py'))}


def part_of(module: str) -> str | None:
    """The part of the table that a module belongs to."""
    names = module.split('.')
    return next((part for end in range(len(names), 0, -1)
                 if (part := '.'.join(names[:end])) in MAY_IMPORT), None)


def imports(module: str) -> Iterator[str]:
    """Modules of mmwing that a module imports anywhere, also inside functions."""
    path = MODULES[module]
    is_package = path.name == '__init__.py'
    package = ['mmwing', *module.split('.')] if module != '__init__' else ['mmwing']
    if not is_package:
        package.pop()
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[:len(package) - node.level + 1] if node.level else []
            start = '.'.join([*base, *([node.module] if node.module else [])])
            names = [f'{start}.{alias.name}' for alias in node.names]
        else:
            continue
        for name in names:
            if name == 'mmwing' or name.startswith('mmwing.'):
                yield existing_module(name.removeprefix('mmwing').lstrip('.'))


def existing_module(name: str) -> str:
    """The module itself, or the one that defines the name."""
    while name and name not in MODULES:
        name = name.rpartition('.')[0]
    return name or '__init__'


def allowed(importer: str, imported: str) -> bool:
    may = [*MAY_IMPORT[importer].split(), importer, 'registry', 'version', 'arguments']
    return any(imported == part or imported.startswith(f'{part}.') for part in may)


def forbidden_imports() -> set[tuple[str, str]]:
    return {(module, part) for module in MODULES for imported in imports(module)
            if not allowed(part_of(module), part := part_of(imported))}


def test_every_module_stands_in_the_table():
    assert [module for module in MODULES if part_of(module) is None] == []
    assert [part for part in MAY_IMPORT
            if part not in MODULES] == []


def test_the_table_has_no_circle():
    TopologicalSorter({part: may.split() for part, may in MAY_IMPORT.items()}).prepare()


def test_nobody_imports_what_stands_above():
    forbidden = forbidden_imports()
    assert not forbidden, 'these may not import those: ' + ', '.join(
        f'mmwing.{module} -> mmwing.{part}' for module, part in sorted(forbidden))


def test_files_alone_replaces_files():
    found = {module for module, path in MODULES.items()
             for node in ast.walk(ast.parse(path.read_text(encoding='utf-8')))
             if isinstance(node, ast.Attribute) and ast.unparse(node) in REPLACING}
    assert found == {'files'}


@pytest.mark.parametrize(('source', 'expected'), [
    ('import mmwing.files', {'files'}),
    ('from mmwing import files, __version__', {'files', '__init__'}),
    ('from mmwing.files import replace_file', {'files'}),
    ('def f():\n    from mmwing.models.losses.base import x', {'models.losses.base'}),
    ('from . import boxes', {'datasets.formats.boxes'}),
    ('from .boxes import Box', {'datasets.formats.boxes'}),
    ('from ..face import face_model', {'datasets.face.face_model'}),
    ('from ...files import x', {'files'}),
    ('import numpy\nfrom mmwingless import x', set())])
def test_imports_are_found(tmp_path, monkeypatch, source, expected):
    path = tmp_path / 'probe.py'
    path.write_text(source)
    monkeypatch.setitem(MODULES, 'datasets.formats.probe', path)
    assert set(imports('datasets.formats.probe')) == expected
