_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/schedules/adamw_200e.py',
    '../../../_base_/models/cnn6_64x64.py',
    '../../../_base_/datasets/aflw_19pt.py',
    '../../../_base_/pipelines/face_64x64.py',
]

model = dict(head=dict(num_joints=19, loss=dict(type='mmwing.WingLoss')))

max_epochs = 60
train_cfg = dict(max_epochs=max_epochs, val_interval=5)
param_scheduler = _base_.param_scheduler
param_scheduler[1].update(end=max_epochs, T_max=max_epochs - 1)

train_dataloader = dict(dataset=dict(pipeline={{_base_.train_pipeline}}))
val_dataloader = dict(dataset=dict(pipeline={{_base_.val_pipeline}}))
test_dataloader = dict(dataset=dict(pipeline={{_base_.val_pipeline}}))
