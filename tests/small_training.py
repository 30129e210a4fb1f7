"""A small network, its optimiser and a batch of painted faces."""

import numpy as np
import torch
from mmengine.dataset import BaseDataset, pseudo_collate
from mmengine.optim import OptimWrapper, build_optim_wrapper
from mmengine.registry import DefaultScope
from mmpose.registry import DATASETS, MODELS
from torch import nn

from mmwing.config import load_config
from mmwing.engine.mean_shape import compute_mean_shape

CONFIG = 'td-reg_cnn6_wing_1xb64-24e_synthetic-64x64'


def paint(number: int = 8) -> BaseDataset:
    """Painted faces, as the config has them."""
    cfg = load_config(CONFIG, {'train_dataloader.dataset.num_samples': number})
    with DefaultScope.overwrite_default_scope('mmpose'):
        return DATASETS.build(cfg.train_dataloader.dataset)


def make(faces: BaseDataset, wrapper: str = 'OptimWrapper', device: str = 'cpu',
         local: bool = False, **options) -> tuple[nn.Module, OptimWrapper, dict]:
    """A small model, its optimiser and two faces; the same each time.

    Args:
        faces: What :func:`paint` gave.
        wrapper: Type of the optimiser wrapper.
        device: Where the model is.
        local: Whether the head corrects by what is around each landmark.
        **options: Of the wrapper.
    """
    options_of_model = {
        'model.backbone.widen_factor': 0.125, 'model.head.in_channels': 256,
        'model.head.hidden_channels': 16}
    if local:
        options_of_model.update({
            'model.backbone.out_indices': (0, 1, 4),
            'model.head.local_channels': (4, 8),
            'model.head.type': 'mmwing.LocalRefinementHead'})
    cfg = load_config(CONFIG, options_of_model)
    torch.manual_seed(0)
    np.random.seed(0)
    with DefaultScope.overwrite_default_scope('mmpose'):
        model = MODELS.build(cfg.model)
        model.init_weights()
        model.head.set_mean_shape(compute_mean_shape(faces))
        model.to(device)
        wrapper = build_optim_wrapper(model, {
            'type': wrapper, **cfg.optim_wrapper, **options})
    return model.train(), wrapper, pseudo_collate([faces[0], faces[1]])
