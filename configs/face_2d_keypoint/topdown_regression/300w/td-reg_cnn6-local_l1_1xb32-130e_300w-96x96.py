_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/schedules/adamw_200e.py',
    '../../../_base_/models/cnn6_64x64.py',
    '../../../_base_/datasets/300w_68pt.py',
    '../../../_base_/pipelines/face_varied_96x96.py',
]

# For small devices: 0.96 M parameters, 50 M multiply-adds. Half of CNN-6's width on an
# input of 96x96, and narrow fully connected layers, in which most parameters would be.
model = dict(
    backbone=dict(
        widen_factor=0.5, norm_cfg=dict(type='BN'), out_indices=(0, 1, 2, 4)),
    head=dict(
        type='mmwing.LocalRefinementHead',
        in_channels=2304,
        hidden_channels=(96, ),
        local_channels=(16, 32, 64),
        embed_dims=16,
        decoder=dict(input_size=(96, 96)),
        loss=dict(type='mmwing.L1Loss')))

max_epochs = 130
train_cfg = dict(max_epochs=max_epochs, val_interval=10)
param_scheduler = _base_.param_scheduler
param_scheduler[1].update(end=max_epochs, T_max=max_epochs - 1)
optim_wrapper = dict(optimizer=dict(lr=2e-3, weight_decay=0.05))
auto_scale_lr = dict(base_batch_size=32)
custom_hooks = [
    *_base_.custom_hooks,
    dict(
        type='mmwing.PipelineSwitchHook',
        switch_epoch=117,
        switch_pipeline={{_base_.mild_pipeline}}),
]

train_dataloader = dict(
    batch_size=32, dataset=dict(pipeline={{_base_.train_pipeline}}))
val_dataloader = dict(dataset=dict(pipeline={{_base_.val_pipeline}}))
test_dataloader = dict(dataset=dict(pipeline={{_base_.val_pipeline}}))
