_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/schedules/adamw_220e.py',
    '../../../_base_/models/cnn7-local_128x128.py',
    '../../../_base_/datasets/300w_varied_128x128.py',
]

# L1, because it did better than Wing on fit -> dev; see docs/reproduction.md.
model = dict(
    head=dict(loss=dict(type='mmwing.L1Loss')),
    test_cfg=dict(label_offset={{_base_.label_offset}}))

optim_wrapper = dict(optimizer=dict(weight_decay=0.05))

custom_hooks = [
    dict(type='mmwing.MeanShapeHook'),
    dict(type='EMAHook', ema_type='ExpMomentumEMA', momentum=0.0005, gamma=800),
    dict(
        type='mmwing.PipelineSwitchHook',
        switch_epoch={{_base_.mild_epoch}},
        switch_pipeline={{_base_.mild_pipeline}}),
]
