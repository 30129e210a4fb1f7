"""A small network for comparisons on a CPU: CNN-6 at half its width, normalised.

With batch normalisation it is after twelve epochs where the paper's plain CNN-6 is
after some forty. The pipeline is that of the paper; keys of it that a study changes are
named in the config of the pipeline's name.
"""
_base_ = [
    '../../configs/_base_/default_runtime.py',
    '../../configs/_base_/schedules/adam_20e.py',
    '../../configs/_base_/models/cnn6_64x64.py',
    '../../configs/_base_/datasets/300w_corrupted_64x64.py',
]

model = dict(
    backbone=dict(widen_factor=0.5, norm_cfg=dict(type='BN')),
    head=dict(
        in_channels=1024,
        hidden_channels=(512, ),
        loss=dict(type='mmwing.WingLoss')),
    test_cfg=dict(label_offset={{_base_.label_offset}}))
train_dataloader = dict(batch_size=32)
optim_wrapper = dict(
    type='mmwing.BFloat16OptimWrapper', optimizer=dict(lr=1e-3))
