_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/schedules/adamw_60e.py',
    '../../../_base_/models/cnn6_64x64.py',
    '../../../_base_/datasets/aflw_64x64.py',
]

model = dict(head=dict(num_joints=19, loss=dict(type='mmwing.WingLoss')))
