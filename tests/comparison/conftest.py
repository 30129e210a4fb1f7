"""A config of seconds, and results that need no training."""

import numpy as np
import pytest

from mmwing.comparison import Result

SMALL = {
    'train_dataloader.dataset.num_samples': 16, 'train_dataloader.batch_size': 8,
    'val_dataloader.dataset.num_samples': 4, 'model.backbone.widen_factor': 0.125,
    'model.head.in_channels': 256, 'model.head.hidden_channels': 16,
}


@pytest.fixture
def small():
    return dict(SMALL)


@pytest.fixture
def make_result():
    """A final result of 50 faces whose errors scatter about 5 %."""

    def build(loss='WingLoss', seed=0, shift=0., **kwargs):
        errors = np.random.default_rng(0).gamma(5, 0.01, 50)
        errors += np.random.default_rng(seed + 1).normal(0, 1e-3, 50) + shift
        values = dict(
            stage='final', loss=loss, seed=seed, lr=1e-3, epochs=2,
            config='some_config', config_hash='0' * 12, options={},
            curve=[(1, 0.09), (2, 0.05)],
            normalizer='inter_ocular', threshold=0.1, errors=errors, faces='f' * 16,
            batches=['aa', f'{seed:02d}'], cpu_seconds=1800., versions={'torch': '2'})
        return Result(**{**values, **kwargs})

    return build
