_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/schedules/adamw_200e.py',
    '../../../_base_/models/cnn6_64x64.py',
    '../../../_base_/datasets/300w_68pt.py',
    '../../../_base_/pipelines/face_64x64.py',
]

model = dict(head=dict(loss=dict(type='mmwing.WingLoss')))
train_dataloader = dict(dataset=dict(pipeline={{_base_.train_pipeline}}))
val_dataloader = dict(dataset=dict(pipeline={{_base_.val_pipeline}}))
test_dataloader = dict(dataset=dict(pipeline={{_base_.val_pipeline}}))
