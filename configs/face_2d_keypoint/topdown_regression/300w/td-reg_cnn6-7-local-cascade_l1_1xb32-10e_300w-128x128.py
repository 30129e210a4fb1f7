_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/schedules/adamw_200e.py',
    '../../../_base_/models/cnn6-7_cascade.py',
    '../../../_base_/datasets/300w_68pt.py',
    '../../../_base_/pipelines/face_varied_cascade.py',
]

# The two networks with local corrections, each from the weights of its own training: run
# the configs of these names first. The first stage stays as it is.
model = dict(
    freeze_stage1=True,
    stage1=dict(
        backbone=dict(norm_cfg=dict(type='BN'), out_indices=(0, 1, 4)),
        head=dict(
            type='mmwing.LocalRefinementHead',
            local_channels=(32, 64),
            loss=dict(type='mmwing.WingLoss')),
        init_cfg=dict(
            type='Pretrained',
            checkpoint='work_dirs/td-reg_cnn6-local_wing_1xb32-200e_300w-64x64/'
            'epoch_200.pth')),
    stage2=dict(
        backbone=dict(
            widen_factor=0.5,
            norm_cfg=dict(type='BN'),
            out_indices=(0, 1, 2, 5)),
        head=dict(
            type='mmwing.LocalRefinementHead',
            in_channels=1024,
            local_channels=(32, 32, 64),
            dropout=0.2,
            local_dropout=0.2,
            loss=dict(type='mmwing.L1Loss')),
        init_cfg=dict(
            type='Pretrained',
            checkpoint='work_dirs/td-reg_cnn7-local_l1_1xb32-220e_300w-128x128/'
            'epoch_220.pth')))

max_epochs = 10
train_cfg = dict(max_epochs=max_epochs, val_interval=5)
param_scheduler = _base_.param_scheduler
param_scheduler[1].update(end=max_epochs, T_max=max_epochs - 1)
optim_wrapper = dict(optimizer=dict(lr=2e-4))
auto_scale_lr = dict(base_batch_size=32)

train_dataloader = dict(
    batch_size=32, dataset=dict(pipeline={{_base_.train_pipeline}}))
val_dataloader = dict(dataset=dict(pipeline={{_base_.val_pipeline}}))
test_dataloader = dict(dataset=dict(pipeline={{_base_.val_pipeline}}))
