_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/schedules/adamw_200e.py',
    '../../../_base_/models/cnn6_64x64.py',
    '../../../_base_/datasets/300w_68pt.py',
    '../../../_base_/pipelines/face_varied_64x64.py',
]

# Not in the paper: batch normalisation, and corrections of the landmarks from the maps of
# stride 2 and 4.
model = dict(
    backbone=dict(norm_cfg=dict(type='BN'), out_indices=(0, 1, 4)),
    head=dict(
        type='mmwing.LocalRefinementHead',
        local_channels=(32, 64),
        loss=dict(type='mmwing.WingLoss')))

optim_wrapper = dict(optimizer=dict(lr=1e-3))
auto_scale_lr = dict(base_batch_size=32)
custom_hooks = [
    *_base_.custom_hooks,
    dict(
        type='mmwing.PipelineSwitchHook',
        switch_epoch=180,
        switch_pipeline={{_base_.mild_pipeline}}),
]

train_dataloader = dict(
    batch_size=32, dataset=dict(pipeline={{_base_.train_pipeline}}))
val_dataloader = dict(dataset=dict(pipeline={{_base_.val_pipeline}}))
test_dataloader = dict(dataset=dict(pipeline={{_base_.val_pipeline}}))
