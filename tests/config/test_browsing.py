"""The sheet of what a network is fed."""

import numpy as np
import pytest

from mmwing.config import browse_dataset, load_config
from mmwing.visualization.face_sheet import TRUE_COLOR

CONFIG = 'td-reg_cnn6_wing_1xb64-24e_synthetic-64x64'


@pytest.fixture
def config():
    return load_config(CONFIG, {'train_dataloader.dataset.num_samples': 3,
                                'val_dataloader.dataset.num_samples': 3})


def is_dot(sheet):
    return np.abs(sheet.astype(int) - TRUE_COLOR).max(-1) < 12


def test_each_sample_has_a_tile_with_its_points(config):
    sheet = browse_dataset(config, number=2, size=256)
    assert sheet.shape == (256, 512, 3)
    for tile in (sheet[:, :256], sheet[:, 256:]):
        assert is_dot(tile).sum() > 68
        assert tile.std() > 10


def test_points_move_with_the_augmentation(config):
    first, second, again = (browse_dataset(config, number=1, seed=seed)
                            for seed in (0, 1, 0))
    assert np.array_equal(first, again)
    assert not np.array_equal(is_dot(first), is_dot(second))


def test_without_augmentation_the_seed_is_of_no_account(config):
    sheets = [browse_dataset(config, 'val', number=1, seed=seed) for seed in (0, 1)]
    assert np.array_equal(*sheets)


def test_first_chooses_the_sample(config):
    both = browse_dataset(config, 'val', number=2)
    assert np.array_equal(browse_dataset(config, 'val', number=9, first=1)[:, :128],
                          both[:, 128:])


def test_the_config_stays_as_it_is(config):
    before = config.to_dict()
    browse_dataset(config, number=1)
    assert config.to_dict() == before


@pytest.mark.parametrize(('arguments', 'message'), [
    (dict(number=0), 'number must be a whole number of at least 1, got 0'),
    (dict(size=0), 'size must be a whole number of at least 1, got 0'),
    (dict(size=8192), r'size must be at most 6688 for a sheet of 3 samples, got 8192'),
    (dict(seed=-1), r'seed must be a whole number in .0, 2\*\*32., got -1'),
    (dict(first=3), 'first must lie in 0 to 2.*got 3'),
    (dict(split='predict'), 'no predict_dataloader')])
def test_bad_arguments(config, arguments, message):
    with pytest.raises(ValueError, match=message):
        browse_dataset(config, **arguments)


def test_missing_data_are_named(monkeypatch, tmp_path):
    monkeypatch.setenv('MMWING_300W', f'{tmp_path}/nowhere/')
    with pytest.raises(FileNotFoundError, match='nowhere/annotations'):
        browse_dataset(load_config('td-reg_cnn6_wing_1xb16-20e_300w-64x64'))
