"""Checkpoints load without running code, unless a file is declared trusted."""

import pickle

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner import CheckpointLoader

from mmwing import stack
from mmwing.stack import checkpoints


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
    monkeypatch.setattr(checkpoints, '_trusted', set())
    stack.trust_checkpoint(str(path))
    assert load(path)['when'] == slice(1, 2)


def test_trust_in_one_file_is_not_trust_in_another(tmp_path, monkeypatch):
    torch.save({'when': slice(1, 2)}, tmp_path / 'other.pth')
    monkeypatch.setenv(stack.TRUST_VARIABLE, str(tmp_path / 'mine.pth'))
    with pytest.raises(pickle.UnpicklingError):
        load(tmp_path / 'other.pth')


@pytest.mark.parametrize(('content', 'reason'), [
    (b'', 'it is empty'), (b'hello', 'KeyError: 101')])
def test_what_is_no_checkpoint_is_refused_in_a_sentence(tmp_path, content, reason):
    (tmp_path / 'text.pth').write_bytes(content)
    with pytest.raises(pickle.UnpicklingError, match=(
            fr"text\.pth' was refused: {reason}\. It is no checkpoint, or damaged")):
        load(tmp_path / 'text.pth')


def test_a_missing_and_a_damaged_file_are_named(tmp_path, training_state):
    with pytest.raises(FileNotFoundError, match='nowhere.pth'):
        load(tmp_path / 'nowhere.pth')
    torch.save(training_state, tmp_path / 'whole.pth')
    half = (tmp_path / 'whole.pth').read_bytes()[:700]
    (tmp_path / 'half.pth').write_bytes(half)
    with pytest.raises(pickle.UnpicklingError, match=r'half\.pth.*damaged'):
        load(tmp_path / 'half.pth')
