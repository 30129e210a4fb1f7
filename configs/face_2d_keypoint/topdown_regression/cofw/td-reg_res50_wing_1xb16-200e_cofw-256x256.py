_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/schedules/adamw_200e.py',
    '../../../_base_/models/res50_256x256.py',
    '../../../_base_/datasets/cofw_29pt.py',
    '../../../_base_/pipelines/face_256x256.py',
]

model = dict(head=dict(num_joints=29, loss=dict(type='mmwing.WingLoss')))
train_dataloader = dict(dataset=dict(pipeline={{_base_.train_pipeline}}))
val_dataloader = dict(dataset=dict(pipeline={{_base_.val_pipeline}}))
test_dataloader = dict(dataset=dict(pipeline={{_base_.val_pipeline}}))
