"""A model that training wrote, and faces to try it on."""

import copy
import json
import threading

import pytest
import torch
from mmengine.registry import DefaultScope
from mmpose.models import build_pose_estimator

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
def confident(config, checkpoint, tmp_path_factory):
    """A checkpoint of the same network whose head has a confidence."""
    cfg = copy.deepcopy(config)
    cfg.model.head.confidence = {}
    with DefaultScope.overwrite_default_scope('mmpose'):
        torch.manual_seed(0)
        model = build_pose_estimator(cfg.model)
    content = torch.load(checkpoint, weights_only=False)
    model.load_state_dict(content['state_dict'], strict=False)
    # Faces and landmarks have different scores, some high and some low.
    output = model.head.confidence.face.output
    torch.nn.init.normal_(output.weight, std=0.5)
    torch.nn.init.normal_(output.bias, mean=0.5)
    content['state_dict'] = model.state_dict()
    described = json.loads(content['meta']['config_json'])
    described['model']['head']['confidence'] = {}
    content['meta']['config_json'] = json.dumps(described)
    path = tmp_path_factory.mktemp('confident') / 'confident.pth'
    torch.save(content, path)
    return str(path)


@pytest.fixture(scope='session')
def landmarker(checkpoint):
    """The model, without a detector."""
    return FaceLandmarker(checkpoint, detector=None, device='cpu')


@pytest.fixture(scope='session')
def faces():
    """Painted faces: dicts with ``img``, ``img_path`` and ``bbox`` (1, 4)."""
    dataset = SyntheticFaceDataset(num_samples=5, seed=1, bbox_scale=1.0)
    return [dataset.get_data_info(index) for index in range(5)]


@pytest.fixture(scope='module')
def running():
    """Runs servers until the module ends."""
    started = []

    def run(server):
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        started.append((server, thread))
        return server

    yield run
    for server, thread in started:
        server.shutdown()
        server.server_close()
        thread.join()
