"""Painted faces, with noise in the training labels, and CNN-6 at half its width.

``train_dataloader.dataset.pipeline.2.sigma`` is the noise of the training labels, as a
fraction of the box that the input shows: 1/64 is a pixel of the input. Validation and
its labels have no noise.
"""
_base_ = [
    '../../configs/_base_/default_runtime.py',
    '../../configs/_base_/schedules/adam_20e.py',
    '../../configs/_base_/models/cnn6_64x64.py',
    '../../configs/_base_/datasets/synthetic_68pt.py',
    '../../configs/_base_/pipelines/face_64x64.py',
]

train_pipeline = [
    *_base_.train_pipeline[:2],
    dict(type='mmwing.LabelNoise', sigma=0.0),
    *_base_.train_pipeline[2:],
]

model = dict(
    backbone=dict(widen_factor=0.5, norm_cfg=dict(type='BN')),
    head=dict(
        in_channels=1024,
        hidden_channels=(512, ),
        loss=dict(type='mmwing.WingLoss')))
train_dataloader = dict(
    batch_size=32, dataset=dict(num_samples=1500, pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline={{_base_.val_pipeline}}))
test_dataloader = dict(dataset=dict(pipeline={{_base_.val_pipeline}}))
