_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/schedules/adamw_200e.py',
    '../../../_base_/models/cnn6-local_64x64.py',
    '../../../_base_/datasets/300w_varied_64x64.py',
]

model = dict(
    head=dict(loss=dict(type='mmwing.WingLoss')),
    test_cfg=dict(label_offset={{_base_.label_offset}}))
optim_wrapper = dict(optimizer=dict(lr=1e-3))  # batches of 32
auto_scale_lr = dict(base_batch_size=32)

custom_hooks = [
    dict(type='mmwing.MeanShapeHook'),
    dict(type='EMAHook', ema_type='ExpMomentumEMA', momentum=0.0005, gamma=800),
    dict(
        type='mmwing.PipelineSwitchHook',
        switch_epoch=180,
        switch_pipeline={{_base_.mild_pipeline}}),
]
