_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/schedules/adamw_200e.py',
    '../../../_base_/models/cnn6_64x64.py',
    '../../../_base_/datasets/300w_64x64.py',
]

model = dict(head=dict(loss=dict(type='mmwing.WingLoss')))
