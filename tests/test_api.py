"""`import mmwing` offers what configs name, and nothing else."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from pkgutil import resolve_name

import pytest

import mmwing
from mmwing import api, registry

ROOT = Path(mmwing.__file__).resolve().parent.parent
#: The types that a config names ``mmwing.X``.
REGISTERED = {name: cls for child in vars(registry).values()
              if isinstance(child, registry.Registry)
              for name, cls in child.module_dict.items()}


def test_every_public_name_is_an_attribute_once():
    assert len(set(api.__all__)) == len(api.__all__)
    for name in api.__all__:
        assert getattr(mmwing, name) is getattr(api, name)
    assert set(mmwing.__all__) == {'__version__', *api.__all__}


@pytest.mark.parametrize('name', sorted(REGISTERED))
def test_what_a_config_names_is_public(name):
    assert getattr(mmwing, name) is REGISTERED[name]
    assert name in mmwing.__all__


def test_no_public_class_is_forgotten_by_the_registries():
    classes = {name for name in api.__all__ if isinstance(getattr(api, name), type)}
    assert classes == {*REGISTERED, 'Face', 'FaceLandmarker', 'FaceTracker', 'HeadPose'}


def test_the_functions_are_those_that_losses_and_metric_call():
    import mmwing.evaluation.functional as figures
    from mmwing.models.losses import penalties

    for name in mmwing.functional.__all__:
        owner = figures if hasattr(figures, name) else penalties
        assert getattr(mmwing.functional, name) is getattr(owner, name)
    public = {name for name, value in vars(penalties).items()
              if getattr(value, '__module__', '') == penalties.__name__
              and not name.startswith('_')}
    assert public <= set(mmwing.functional.__all__)


def pages() -> list[Path]:
    """README, CONTRIBUTING and docs, where this is a checkout."""
    return [page for page in (ROOT / 'README.md', ROOT / 'CONTRIBUTING.md',
                              *(ROOT / 'docs').rglob('*.md')) if page.is_file()]


@pytest.mark.parametrize('page', pages(), ids=lambda page: page.name)
def test_names_in_the_documentation_exist(page):
    text = page.read_text(encoding='utf-8')
    for name in set(re.findall(r'\bmmwing(?:\.[A-Za-z_]\w*)+', text)):
        value = resolve_name(name)  # raises where there is no such thing
        first = name.split('.')[1]
        assert first in mmwing.__all__ or find_spec(f'mmwing.{first}'), name
        assert value is not None


@pytest.mark.parametrize('page', pages(), ids=lambda page: page.name)
def test_tests_that_the_documentation_names_exist(page):
    """What a page promises is held by them."""
    for pattern in set(re.findall(r'\btests/[\w/*]+\.py\b',
                                  page.read_text(encoding='utf-8'))):
        assert list(ROOT.glob(pattern)), pattern


def run_python(code: str) -> str:
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True,
                          cwd=ROOT, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_without_torch_the_import_succeeds_and_names_say_what_to_install():
    printed = run_python("""
import sys
sys.modules['torch'] = None  # not installed
import mmwing, mmwing.cli
from mmwing import stack
print(mmwing.__version__, 'mmengine' in sys.modules)
for use in (lambda: mmwing.WingLoss, lambda: mmwing.nme,
            lambda: __import__('mmwing', fromlist=['WingLoss']).WingLoss):
    try:
        use()
    except ImportError as error:
        print(error)
print(hasattr(mmwing, '__wrapped__'))
""")
    first, *messages, last = printed.splitlines()
    assert first == f'{mmwing.__version__} False' and last == 'False'
    assert messages[0].startswith('mmwing.WingLoss needs PyTorch')
    assert messages[1].startswith('mmwing.nme needs PyTorch')
    assert all('pip install "torch>=' in message for message in messages)
    assert len(messages) == 3


def test_the_process_of_the_command_loads_a_name_when_it_is_used():
    printed = run_python("""
import sys
sys.argv[0] = '/usr/bin/mmwing'
import mmwing
print('torch' in sys.modules)
print(mmwing.WingLoss.__name__, mmwing.models.__name__, 'WingLoss' in mmwing.__all__)
try:
    mmwing.WnigLoss
except AttributeError as error:
    print(error)
""")
    assert printed.splitlines() == [
        'False', 'WingLoss mmwing.models True',
        "module 'mmwing' has no attribute 'WnigLoss'"]
