"""RTMPose as MMPose has it for WFLW, cut down: 300-W, 64 x 64, a narrow backbone.

For docs/swap_a_loss.md: what its learning rate does to direct regression.
"""
_base_ = ['mmpose::face_2d_keypoint/rtmpose/wflw/rtmpose-m_8xb64-60e_wflw-256x256.py']

codec = dict(input_size=(64, 64), sigma=(1.4, 1.4))
model = dict(
    backbone=dict(deepen_factor=0.167, widen_factor=0.125, init_cfg=None),
    head=dict(
        in_channels=128,
        out_channels=68,
        input_size=(64, 64),
        in_featuremap_size=(2, 2),
        final_layer_kernel_size=3,
        decoder=codec))

# As in the last epochs of the original, without albumentations.
train_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='RandomFlip', direction='horizontal'),
    dict(type='RandomBBoxTransform', shift_factor=0., scale_factor=[0.75, 1.25],
         rotate_factor=60),
    dict(type='TopdownAffine', input_size=(64, 64)),
    dict(type='mmdet.YOLOXHSVRandomAug'),
    dict(type='GenerateTarget', encoder=dict(
        type='SimCCLabel', input_size=(64, 64), sigma=(1.4, 1.4),
        simcc_split_ratio=2.0, normalize=False, use_dark=False)),
    dict(type='PackPoseInputs'),
]
train_pipeline_stage2 = None
val_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='TopdownAffine', input_size=(64, 64)),
    dict(type='PackPoseInputs'),
]
train_dataloader = dict(
    batch_size=32,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        type='Face300WDataset',
        data_root='{{$MMWING_300W:data/300w/}}',
        ann_file='annotations/face_landmarks_300w_fit.json',
        pipeline=train_pipeline))
val_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        type='Face300WDataset',
        data_root='{{$MMWING_300W:data/300w/}}',
        ann_file='annotations/face_landmarks_300w_dev.json',
        pipeline=val_pipeline))
test_dataloader = val_dataloader

# An epoch has 51 iterations; from the 26th on the learning rate is the full one, and
# in the last half it falls off, as in the original.
train_cfg = dict(max_epochs=12, val_interval=6)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-5, by_epoch=False, begin=0, end=26),
    dict(type='CosineAnnealingLR', eta_min_ratio=0.05, begin=6, end=12, T_max=6,
         by_epoch=True, convert_to_iter_based=True),
]
custom_hooks = None
randomness = dict(seed=0)
