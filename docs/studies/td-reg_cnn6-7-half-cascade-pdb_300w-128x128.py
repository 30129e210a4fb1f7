"""The small network of the comparisons as first stage of a cascade, with balancing."""
_base_ = [
    '../../configs/_base_/default_runtime.py',
    '../../configs/_base_/schedules/adam_20e.py',
    '../../configs/_base_/models/cnn6-7_cascade.py',
    '../../configs/_base_/datasets/300w_68pt.py',
    '../../configs/_base_/pipelines/face_cascade.py',
    '../../configs/_base_/datasets/300w_label_offset.py',
]

remove_offset = dict(type='mmwing.RemoveLabelOffset', offset=_base_.label_offset)
train_pipeline = [
    _base_.train_pipeline[0], remove_offset, *_base_.train_pipeline[1:]
]
val_pipeline = [_base_.val_pipeline[0], remove_offset, *_base_.val_pipeline[1:]]

model = dict(
    stage1=dict(
        backbone=dict(widen_factor=0.5, norm_cfg=dict(type='BN')),
        head=dict(
            in_channels=1024,
            hidden_channels=(512, ),
            loss=dict(type='mmwing.WingLoss'))),
    stage2=dict(
        backbone=dict(widen_factor=0.5, norm_cfg=dict(type='BN')),
        head=dict(
            in_channels=1024,
            hidden_channels=(512, ),
            loss=dict(type='mmwing.WingLoss'))))
train_dataloader = dict(
    batch_size=32,
    dataset=dict(
        _delete_=True,
        type='mmwing.PoseBalancedDataset',
        dataset=dict(
            _base_.train_dataloader.dataset, pipeline=train_pipeline)))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))
optim_wrapper = dict(
    type='mmwing.BFloat16OptimWrapper', optimizer=dict(lr=1e-3))
