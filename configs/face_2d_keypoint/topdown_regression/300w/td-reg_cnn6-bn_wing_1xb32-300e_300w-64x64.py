_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/schedules/adamw_300e.py',
    '../../../_base_/models/cnn6_64x64.py',
    '../../../_base_/datasets/300w_varied_64x64.py',
]

# Not in the paper: batch normalisation after each convolution, varied colours, patches.
model = dict(
    backbone=dict(norm_cfg=dict(type='BN')),
    head=dict(loss=dict(type='mmwing.WingLoss')),
    test_cfg=dict(label_offset={{_base_.label_offset}}))

custom_hooks = [
    dict(type='mmwing.MeanShapeHook'),
    dict(type='EMAHook', ema_type='ExpMomentumEMA', momentum=0.0005, gamma=800),
    dict(
        type='mmwing.PipelineSwitchHook',
        switch_epoch={{_base_.mild_epoch}},
        switch_pipeline={{_base_.mild_pipeline}}),
]
