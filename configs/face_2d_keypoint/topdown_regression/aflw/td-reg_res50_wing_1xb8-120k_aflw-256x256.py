_base_ = [
    '../../../_base_/schedules/wing_120k.py',
    '../../../_base_/models/res50_256x256.py',
    '../../../_base_/datasets/aflw_256x256.py',
]

model = dict(
    test_cfg=dict(flip_test=False),
    head=dict(num_joints=19, loss=dict(type='mmwing.WingLoss')))
train_dataloader = dict(batch_size=8)
