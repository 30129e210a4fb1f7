"""The stack: stand-ins only where something is missing, checkpoints that load."""

import importlib
import pickle
import subprocess
import sys
import textwrap
from urllib.error import URLError

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner import CheckpointLoader

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
    assert COCO is pycocotools.coco.COCO
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
    assert 'torn' in done.stderr and 'python -m mmwing' in done.stderr


# ---------------------------------------------------------------- checkpoints


@pytest.fixture
def training_state():
    """What MMEngine's CheckpointHook writes beside the weights."""
    buffer = HistoryBuffer()
    for value in (np.float64(2.), 1, 0.5):
        buffer.update(value)
    return {
        'state_dict': {'weight': torch.ones(2)},
        'message_hub': {'log_scalars': {'train/loss': buffer,
                                        'train/none': HistoryBuffer()}},
        'meta': {'epoch': np.int64(3), 'seed': 0},
    }


def load(path):
    return CheckpointLoader.load_checkpoint(str(path), logger='silent')


def test_the_state_of_a_training_loads(tmp_path, training_state):
    torch.save(training_state, tmp_path / 'epoch_3.pth')
    loaded = load(tmp_path / 'epoch_3.pth')
    history = loaded['message_hub']['log_scalars']['train/loss']
    assert history.mean() == pytest.approx(3.5 / 3)
    assert history.statistics('min') == 0.5
    assert loaded['meta']['epoch'] == 3


def test_the_allow_list_ends_with_the_load(tmp_path, training_state):
    torch.save(training_state, tmp_path / 'epoch_3.pth')
    load(tmp_path / 'epoch_3.pth')
    with pytest.raises(pickle.UnpicklingError):
        torch.load(tmp_path / 'epoch_3.pth', weights_only=True)


class Intruder:
    """Pickles to a call of a function that must not run."""

    def __init__(self, flag) -> None:
        self.flag = flag

    def __reduce__(self):
        return open, (str(self.flag), 'w')


class GetattrIntruder:
    """Tries the one getattr that a history needs, for something else."""

    def __reduce__(self):
        return getattr, (np.ndarray, 'tofile')


def test_a_file_that_runs_code_is_refused(tmp_path):
    flag, path = tmp_path / 'flag', tmp_path / 'evil.pth'
    torch.save({'state_dict': {}, 'extra': Intruder(flag)}, path)
    with pytest.raises(pickle.UnpicklingError,
                       match='MMWING_TRUST_CHECKPOINT') as caught:
        load(path)
    assert 'io.open' in str(caught.value)
    assert 'safe_globals' not in str(caught.value)
    assert not flag.exists()


def test_getattr_reaches_nothing_but_the_statistics(tmp_path):
    torch.save({'state_dict': {}, 'extra': GetattrIntruder()}, tmp_path / 'evil.pth')
    with pytest.raises(pickle.UnpicklingError, match='getattr'):
        load(tmp_path / 'evil.pth')


def test_a_trusted_file_loads(tmp_path, monkeypatch):
    state = {'state_dict': {}, 'when': slice(1, 2)}
    path = tmp_path / 'mine.pth'
    torch.save(state, path)
    with pytest.raises(pickle.UnpicklingError):
        load(path)
    monkeypatch.setenv(stack.TRUST_VARIABLE, f'/elsewhere.pth:{path}')
    assert load(path)['when'] == slice(1, 2)
    monkeypatch.delenv(stack.TRUST_VARIABLE)
    monkeypatch.setattr(stack, '_trusted', set())
    stack.trust_checkpoint(str(path))
    assert load(path)['when'] == slice(1, 2)


def test_trust_in_one_file_is_not_trust_in_another(tmp_path, monkeypatch):
    torch.save({'when': slice(1, 2)}, tmp_path / 'other.pth')
    monkeypatch.setenv(stack.TRUST_VARIABLE, str(tmp_path / 'mine.pth'))
    with pytest.raises(pickle.UnpicklingError):
        load(tmp_path / 'other.pth')


def test_a_missing_and_a_damaged_file_are_named(tmp_path, training_state):
    with pytest.raises(FileNotFoundError, match='nowhere.pth'):
        load(tmp_path / 'nowhere.pth')
    torch.save(training_state, tmp_path / 'whole.pth')
    half = (tmp_path / 'whole.pth').read_bytes()[:700]
    (tmp_path / 'half.pth').write_bytes(half)
    with pytest.raises(pickle.UnpicklingError, match=r'half\.pth.*damaged'):
        load(tmp_path / 'half.pth')


@pytest.mark.parametrize(('name', 'address'), [
    ('torchvision://resnet50', 'https://download.pytorch.org/models/resnet50'),
    ('open-mmlab://msra/hrnetv2_w18', 'https://'),
    ('https://example.org/weights.pth', '')])
def test_weights_out_of_reach_end_with_one_message(name, address, tmp_path,
                                                   monkeypatch):
    def fail(url, path):
        raise URLError('no route to host')

    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    monkeypatch.setattr('torch.hub.download_url_to_file', fail)
    with pytest.raises(FileNotFoundError) as caught:
        CheckpointLoader.load_checkpoint(name)
    message = str(caught.value)
    assert f'{name}{" (" if address else ""}{address}' in message
    assert 'no route to host' in message
    assert '--cfg-options model.backbone.init_cfg=None' in message
    assert not list(tmp_path.rglob('*.pth'))


def test_unknown_weights_of_a_zoo_are_named():
    with pytest.raises(ValueError, match="'torchvision://resnet51' are unknown.*"
                                         'nearest: .*resnet50'):
        CheckpointLoader.load_checkpoint('torchvision://resnet51')
