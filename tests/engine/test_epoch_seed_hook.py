"""EpochSeedHook: a run that was interrupted draws what it would have drawn."""

import torch
from mmengine.runner import load_checkpoint

from mmwing.config import build_runner, load_config

CNN6 = 'td-reg_cnn6_wing_1xb64-24e_synthetic-64x64'


def train(folder, iters, resume=False):
    """Weights after so many iterations, with dropout."""
    cfg = load_config(CNN6, {
        'train_dataloader.dataset.num_samples': 16, 'train_dataloader.batch_size': 4,
        'train_dataloader.num_workers': 0, 'train_dataloader.persistent_workers': False,
        'model.backbone.widen_factor': 0.125, 'model.head.in_channels': 256,
        'model.head.hidden_channels': 16, 'model.head.dropout': 0.5,
        'randomness.seed': 5})
    cfg.train_cfg = dict(type='IterBasedTrainLoop', max_iters=iters, val_interval=99)
    cfg.param_scheduler = []
    cfg.default_hooks.checkpoint = dict(type='CheckpointHook', by_epoch=False,
                                        interval=2)
    cfg.val_dataloader = cfg.val_cfg = cfg.val_evaluator = None
    cfg.custom_hooks = [dict(type='mmwing.MeanShapeHook'),
                        dict(type='mmwing.EpochSeedHook')]
    cfg.work_dir, cfg.resume = str(folder), resume
    build_runner(cfg).train()
    model = torch.nn.Module()
    return load_checkpoint(model, str(folder / f'iter_{iters}.pth'))['state_dict']


def test_dropout_of_a_training_by_iterations_goes_on_exactly(tmp_path):
    whole = train(tmp_path / 'whole', 4)
    first = train(tmp_path / 'parts', 2)
    resumed = train(tmp_path / 'parts', 4, resume=True)
    assert any(not torch.equal(first[name], whole[name]) for name in whole)
    for name, weight in whole.items():
        assert torch.equal(resumed[name], weight), name
