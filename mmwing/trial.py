"""Do what a user does, once and small: load, train, resume, test, draw, predict.

``mmwing doctor`` runs this in a process of its own. ``python -m mmwing.trial`` shows
all that is logged, and the traceback of a step that fails.
"""

from __future__ import annotations

import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config

from mmwing.config import build_runner, load_config, resume_latest
from mmwing.datasets.face import SyntheticFaceDataset
from mmwing.inference import FaceLandmarker

STEPS = ('load', 'train', 'resume', 'test', 'draw', 'predict')
#: What a line of the result begins with, among all that is logged.
PREFIX = 'trial: '

_CONFIG = 'td-reg_cnn6_wing_1xb64-24e_synthetic-64x64'
_OPTIONS = {
    'model.backbone.widen_factor': 0.125, 'model.head.in_channels': 256,
    'model.head.hidden_channels': 16, 'train_cfg.max_epochs': 1,
    'default_hooks.checkpoint.interval': 1, 'train_dataloader.batch_size': 4,
    **{f'{split}_dataloader.{key}': value for split in ('train', 'val', 'test')
       for key, value in (('dataset.num_samples', 4), ('num_workers', 0),
                          ('persistent_workers', False))}}


def _config(folder: Path, **settings: object) -> Config:
    cfg = load_config(_CONFIG, {**_OPTIONS, **settings})
    cfg.work_dir = str(folder / 'work')
    return cfg


def run_trial(folder: Path) -> Iterator[str]:
    """Take each step in a folder and yield its name when it is done.

    Raises:
        Exception: Whatever the step that follows the last name raised.
    """
    cfg = _config(folder)
    yield 'load'
    build_runner(cfg).train()
    yield 'train'
    cfg = _config(folder, **{'train_cfg.max_epochs': 2})
    resume_latest(cfg)
    runner = build_runner(cfg)
    runner.train()
    if not cfg.resume or runner.epoch != 2:
        raise RuntimeError('the training did not go on from its checkpoint')
    yield 'resume'
    cfg = _config(folder)
    cfg.load_from = str(folder / 'work' / 'epoch_2.pth')
    figures = build_runner(cfg.copy()).test()
    if not np.isfinite(figures['NME']):
        raise RuntimeError(f'the test has the figures {figures}')
    yield 'test'
    cfg.default_hooks.visualization.update(enable=True, interval=1,
                                           out_dir=str(folder / 'drawn'))
    build_runner(cfg).test()
    if not any((folder / 'drawn').rglob('*.png')):
        raise RuntimeError('the test drew no picture')
    yield 'draw'
    face = SyntheticFaceDataset(num_samples=1).get_data_info(0)
    landmarker = FaceLandmarker(folder / 'work', detector=None)
    faces: Any = landmarker(face['img'], face['bbox'])
    if not np.isfinite(faces[0].keypoints).all():
        raise RuntimeError('the predicted landmarks are not finite')
    yield 'predict'


def main() -> int:
    """Print one line a step; 0 when all of them work, else 1."""
    done = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            for step in run_trial(Path(folder)):
                print(f'{PREFIX}{step}: works', flush=True)
                done.append(step)
        except Exception as error:  # whatever breaks is the result
            traceback.print_exc()
            text = str(error).strip().splitlines() or ['']
            print(f'{PREFIX}{STEPS[len(done)]}: {type(error).__name__}: {text[0]}')
            return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
