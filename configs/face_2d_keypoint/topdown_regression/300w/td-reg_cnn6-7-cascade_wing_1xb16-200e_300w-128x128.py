_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/schedules/adamw_200e.py',
    '../../../_base_/models/cnn6-7_cascade.py',
    '../../../_base_/datasets/300w_cascade.py',
]

model = dict(
    stage1=dict(head=dict(loss=dict(type='mmwing.WingLoss'))),
    stage2=dict(head=dict(loss=dict(type='mmwing.WingLoss'))))
