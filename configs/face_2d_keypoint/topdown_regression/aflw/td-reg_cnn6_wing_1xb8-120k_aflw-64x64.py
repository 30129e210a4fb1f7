_base_ = [
    '../../../_base_/schedules/sgd_120k_64x64.py',
    '../../../_base_/models/cnn6_64x64_pixels.py',
    '../../../_base_/datasets/aflw_19pt.py',
    '../../../_base_/pipelines/face_64x64.py',
]

model = dict(
    test_cfg=dict(flip_test=False),
    head=dict(num_joints=19, loss=dict(type='mmwing.WingLoss')))
train_dataloader = dict(
    batch_size=8, dataset=dict(pipeline={{_base_.train_pipeline}}))
val_dataloader = dict(dataset=dict(pipeline={{_base_.val_pipeline}}))
test_dataloader = dict(dataset=dict(pipeline={{_base_.val_pipeline}}))
