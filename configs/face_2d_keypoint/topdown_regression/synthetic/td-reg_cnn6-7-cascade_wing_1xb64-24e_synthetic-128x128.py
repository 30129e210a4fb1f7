_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/schedules/adam_24e.py',
    '../../../_base_/models/cnn6-7_cascade.py',
    '../../../_base_/datasets/synthetic_68pt.py',
    '../../../_base_/pipelines/face_cascade.py',
]

model = dict(
    stage1=dict(head=dict(loss=dict(type='mmwing.WingLoss'))),
    stage2=dict(head=dict(loss=dict(type='mmwing.WingLoss'))))
train_dataloader = dict(dataset=dict(pipeline={{_base_.train_pipeline}}))
val_dataloader = dict(dataset=dict(pipeline={{_base_.val_pipeline}}))
test_dataloader = dict(dataset=dict(pipeline={{_base_.val_pipeline}}))
