_base_ = [
    '../../../_base_/schedules/sgd_120k_cascade.py',
    '../../../_base_/models/cnn6-7_cascade_pixels.py',
    '../../../_base_/datasets/300w_68pt.py',
    '../../../_base_/pipelines/face_cascade.py',
]

model = dict(
    test_cfg=dict(flip_test=False),
    stage1=dict(head=dict(loss=dict(type='mmwing.WingLoss'))),
    stage2=dict(head=dict(loss=dict(type='mmwing.WingLoss'))))
val_evaluator = dict(normalizer='inter_pupil')
test_evaluator = val_evaluator
train_dataloader = dict(
    batch_size=8, dataset=dict(pipeline={{_base_.train_pipeline}}))
val_dataloader = dict(dataset=dict(pipeline={{_base_.val_pipeline}}))
test_dataloader = dict(dataset=dict(pipeline={{_base_.val_pipeline}}))
