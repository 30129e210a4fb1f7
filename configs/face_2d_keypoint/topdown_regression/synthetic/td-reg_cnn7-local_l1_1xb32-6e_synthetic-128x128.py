_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/schedules/adamw_200e.py',
    '../../../_base_/models/cnn7_128x128.py',
    '../../../_base_/datasets/synthetic_68pt.py',
    '../../../_base_/pipelines/face_varied_128x128.py',
]

# The network of cnn7-local_l1_1xb32-220e_300w-128x128, trained on painted faces alone: a
# model for real faces that is free of the licences of photos.
model = dict(
    backbone=dict(
        widen_factor=0.5, norm_cfg=dict(type='BN'), out_indices=(0, 1, 2, 5)),
    head=dict(
        type='mmwing.LocalRefinementHead',
        in_channels=1024,
        local_channels=(32, 32, 64),
        dropout=0.2,
        local_dropout=0.2,
        loss=dict(type='mmwing.L1Loss')))

max_epochs = 6
train_cfg = dict(max_epochs=max_epochs, val_interval=1)
param_scheduler = _base_.param_scheduler
param_scheduler[1].update(end=max_epochs, T_max=max_epochs - 1)
optim_wrapper = dict(optimizer=dict(lr=1e-3, weight_decay=0.05))
auto_scale_lr = dict(base_batch_size=32)
custom_hooks = _base_.custom_hooks
custom_hooks[1].update(momentum=0.002, gamma=200)

# Painted labels have no offset.
train_pipeline = [_base_.train_pipeline[0], *_base_.train_pipeline[2:]]
val_pipeline = [_base_.val_pipeline[0], *_base_.val_pipeline[2:]]
train_dataloader = dict(
    batch_size=32,
    dataset=dict(num_samples=20000, image_size=160, pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(image_size=160, pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(image_size=160, pipeline=val_pipeline))
