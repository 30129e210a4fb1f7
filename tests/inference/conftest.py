"""A model that training wrote, and faces to try it on."""

import pytest

from mmwing.config import build_runner, load_config
from mmwing.datasets.face import SyntheticFaceDataset
from mmwing.inference import FaceLandmarker

CONFIG = 'td-reg_cnn6_wing_1xb64-24e_synthetic-64x64'
OPTIONS = {'model.backbone.widen_factor': 0.125, 'model.head.in_channels': 256,
           'model.head.hidden_channels': 32, 'train_cfg.max_epochs': 1,
           'train_dataloader.batch_size': 8, 'train_dataloader.num_workers': 0,
           'train_dataloader.persistent_workers': False,
           'train_dataloader.dataset.num_samples': 32, 'val_dataloader': None,
           'val_evaluator': None, 'val_cfg': None}


@pytest.fixture(scope='session')
def config():
    """The config of the small model."""
    return load_config(CONFIG, OPTIONS)


@pytest.fixture(scope='session')
def work_dir(config, tmp_path_factory):
    """Work dir of a short training."""
    folder = tmp_path_factory.mktemp('work_dir')
    cfg = config.copy()
    cfg.work_dir = str(folder)
    cfg.experiment_name = folder.name
    build_runner(cfg).train()
    return folder


@pytest.fixture(scope='session')
def checkpoint(work_dir):
    """Its checkpoint."""
    return str(work_dir / 'epoch_1.pth')


@pytest.fixture(scope='session')
def landmarker(checkpoint):
    """The model, without a detector."""
    return FaceLandmarker(checkpoint, detector=None, device='cpu')


@pytest.fixture(scope='session')
def faces():
    """Painted faces: dicts with ``img``, ``img_path`` and ``bbox`` (1, 4)."""
    dataset = SyntheticFaceDataset(num_samples=5, seed=1, bbox_scale=1.0)
    return [dataset.get_data_info(index) for index in range(5)]
