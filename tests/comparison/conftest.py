"""A config of seconds, and results that need no training."""

import numpy as np
import pytest

from mmwing.comparison import Result
from mmwing.evaluation import Provenance, RunRecord
from mmwing.evaluation.run import Training

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

    def build(loss='WingLoss', seed=0, shift=0., errors=None, stage='final', lr=1e-3,
              names=None, normalizer='inter_ocular', batches=None, words=None,
              **kwargs):
        if errors is None:
            errors = np.random.default_rng(0).gamma(5, 0.01, 50)
            errors += np.random.default_rng(seed + 1).normal(0, 1e-3, 50) + shift
        curve = [{'epoch': 1, 'NME': 0.09}, {'epoch': 2, 'NME': 0.05}]
        record = RunRecord(
            names or [f'{index:03}.jpg' for index in range(len(errors))],
            {normalizer: np.asarray(errors)}, (0.1,),
            Provenance('some_config', seed=seed, versions={'torch': '2'}),
            training=Training(curve, batches or ['aa', f'{seed:02d}'], lr, 2, 0, 1800.,
                              True))
        return Result(**{**dict(
            stage=stage, loss=loss, record=record, config_hash='0' * 12, words=words),
            **kwargs})

    return build
