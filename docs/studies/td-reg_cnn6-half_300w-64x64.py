"""A small network for comparisons on a CPU: CNN-6 at half its width, normalised.

With batch normalisation it is after twelve epochs where the paper's plain CNN-6 is
after some forty. The pipeline is the paper's, with steps by which a study can spoil
landmarks, labels and pixels; as it stands they change nothing, but
for the first, which mends the labels:

- ``train_dataloader.dataset.pipeline.0.transforms.1.offset``, also of
  ``val_dataloader``: 0 leaves the labels as they are in the files
- ``train_dataloader.dataset.pipeline.2.indices``, also of ``val_dataloader``: which
  landmarks are kept
- ``train_dataloader.dataset.pipeline.3.sigma`` (and ``.prob``): wrong labels
- ``train_dataloader.dataset.pipeline.6.prob``: patches that hide part of the face
"""
_base_ = [
    '../../configs/_base_/default_runtime.py',
    '../../configs/_base_/schedules/adam_20e.py',
    '../../configs/_base_/models/cnn6_64x64.py',
    '../../configs/_base_/datasets/300w_68pt.py',
    '../../configs/_base_/pipelines/face_64x64.py',
    '../../configs/_base_/datasets/300w_label_offset.py',
]

# Image and labels in one step, so that the others are found where the commands of the
# studies name them.
read = dict(
    type='Compose',
    transforms=[
        _base_.train_pipeline[0],
        dict(type='mmwing.RemoveLabelOffset', offset=_base_.label_offset),
    ])
train_pipeline = [
    read,
    _base_.train_pipeline[1],
    dict(type='mmwing.KeepLandmarks', indices=None),
    dict(type='mmwing.LabelNoise', sigma=0.0),
    *_base_.train_pipeline[2:4],
    dict(type='mmwing.RandomOcclusion', prob=0.0),
    *_base_.train_pipeline[4:],
]
val_pipeline = [
    read,
    _base_.val_pipeline[1],
    dict(type='mmwing.KeepLandmarks', indices=None),
    *_base_.val_pipeline[2:],
]

model = dict(
    backbone=dict(widen_factor=0.5, norm_cfg=dict(type='BN')),
    head=dict(
        in_channels=1024,
        hidden_channels=(512, ),
        loss=dict(type='mmwing.WingLoss')))
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))
optim_wrapper = dict(
    type='mmwing.BFloat16OptimWrapper', optimizer=dict(lr=1e-3))
