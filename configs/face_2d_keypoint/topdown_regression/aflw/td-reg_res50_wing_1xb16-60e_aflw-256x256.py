_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/schedules/adamw_60e.py',
    '../../../_base_/models/res50_256x256.py',
    '../../../_base_/datasets/aflw_256x256.py',
]

model = dict(head=dict(num_joints=19, loss=dict(type='mmwing.WingLoss')))
