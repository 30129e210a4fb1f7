"""Stand-ins are offered only where a module is missing or broken."""

import importlib
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from mmwing import stack


def run_python(code: str, *path: str) -> subprocess.CompletedProcess:
    """Run ``code`` in a fresh interpreter, with folders put in front of its path."""
    code = f'import sys; sys.path[:0] = {list(path)!r}\n' + textwrap.dedent(code)
    return subprocess.run([sys.executable, '-c', code], capture_output=True,
                          text=True, timeout=300)


def test_mmpose_imports_in_full():
    for part in ('models', 'datasets', 'evaluation', 'visualization', 'codecs',
                 'engine', 'apis'):
        importlib.import_module(f'mmpose.{part}')


def test_importing_mmwing_warns_of_nothing():
    done = run_python('import mmwing, mmpose.models')
    assert done.returncode == 0, done.stderr
    assert 'Warning' not in done.stderr


@pytest.mark.skipif('mmcv.ops' not in stack.offered, reason='full mmcv is here')
def test_a_stand_in_that_is_called_says_what_to_install():
    from mmcv.ops import MultiScaleDeformableAttention
    with pytest.raises(ImportError, match=r'mmcv\.ops.*pip install'):
        MultiScaleDeformableAttention(embed_dims=8)


@pytest.mark.skipif('mmcv.ops' not in stack.offered, reason='full mmcv is here')
def test_a_stand_in_has_no_more_names_than_mmpose_needs():
    with pytest.raises(ImportError, match='nms'):
        from mmcv.ops import nms  # noqa: F401


@pytest.mark.skipif('xtcocotools' not in stack.offered, reason='xtcocotools is here')
def test_annotations_are_read_by_pycocotools():
    import pycocotools.coco
    from xtcocotools.coco import COCO
    from xtcocotools.cocoeval import COCOeval
    assert issubclass(COCO, pycocotools.coco.COCO)
    # Its AP would be silently wrong: pycocotools has no sigmas.
    with pytest.raises(ImportError, match='xtcocotools'):
        COCOeval(None, None, 'keypoints', sigmas=np.ones(68))


def test_a_real_package_wins(tmp_path):
    for name in ('mmdet', 'xtcocotools'):
        (tmp_path / name).mkdir()
        (tmp_path / name / '__init__.py').write_text('')
    (tmp_path / 'mmdet' / 'utils.py').write_text(
        'REAL = True\nConfigType = dict\ndef reduce_mean(x): return x\n')
    for module in ('coco', 'cocoeval', 'mask'):
        (tmp_path / 'xtcocotools' / f'{module}.py').write_text(
            f'from pycocotools.{module} import *\nREAL = True\n')
    done = run_python(
        """
        import mmwing, mmpose.models, mmpose.datasets
        import mmdet.utils, xtcocotools.coco
        assert mmdet.utils.REAL and xtcocotools.coco.REAL
        assert not {'mmdet', 'xtcocotools'} & set(mmwing.stack.offered)
        """, str(tmp_path))
    assert done.returncode == 0, done.stderr


def test_a_folder_without_a_package_does_not_count_as_one(tmp_path):
    (tmp_path / 'mmdet' / 'utils').mkdir(parents=True)
    (tmp_path / 'xtcocotools').mkdir()
    done = run_python(
        """
        import mmwing, mmpose.models, mmpose.datasets
        print(mmwing.stack.offered['mmdet'])
        """, str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert f"the folder {tmp_path / 'mmdet' / 'utils'} is no package" in done.stdout


def test_a_package_built_for_another_numpy_is_replaced(tmp_path):
    (tmp_path / 'xtcocotools').mkdir()
    (tmp_path / 'xtcocotools' / '__init__.py').write_text('')
    for module in ('coco', 'cocoeval', 'mask'):
        (tmp_path / 'xtcocotools' / f'{module}.py').write_text(
            'raise ValueError("numpy.dtype size changed")')
    done = run_python(
        """
        import mmwing, mmpose.datasets
        print(mmwing.stack.offered['xtcocotools'])
        """, str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert 'numpy.dtype size changed' in done.stdout


def test_mmpose_bases_resolve_without_setuptools(tmp_path):
    done = run_python(
        """
        import importlib.util
        find_spec = importlib.util.find_spec
        importlib.util.find_spec = (
            lambda name, package=None: None if name == 'pkg_resources'
            else find_spec(name, package))
        import mmwing
        assert 'pkg_resources' in mmwing.stack.offered
        from mmengine.config import Config
        from mmengine.utils import is_installed
        name = 'mmpose::_base_/default_runtime.py'
        open('config.py', 'w').write(f'_base_ = {name!r}')
        assert Config.fromfile('config.py').default_scope == 'mmpose'
        assert is_installed('numpy') and not is_installed('no-such-thing')
        """.replace("import importlib.util",
                    f"import os, importlib.util; os.chdir({str(tmp_path)!r})", 1))
    assert done.returncode == 0, done.stderr


def test_an_error_on_import_points_to_the_doctor(tmp_path):
    (tmp_path / 'mmpose').mkdir()
    (tmp_path / 'mmpose' / '__init__.py').write_text('raise RuntimeError("torn")')
    done = run_python('import mmwing', str(tmp_path))
    assert done.returncode != 0
    assert 'torn' in done.stderr and 'mmwing doctor' in done.stderr
