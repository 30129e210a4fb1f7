"""A small heat-map network for comparisons on a CPU.

CNN-6 without its last stage, at half its width, and two deconvolutions to maps of
32 x 32.
"""
_base_ = [
    '../../configs/_base_/default_runtime.py',
    '../../configs/_base_/schedules/adam_20e.py',
    '../../configs/_base_/datasets/300w_68pt.py',
    '../../configs/_base_/pipelines/face_128x128.py',
]

codec = dict(
    type='MSRAHeatmap',
    input_size=(128, 128),
    heatmap_size=(32, 32),
    sigma=1.5,
    unbiased=True,
    blur_kernel_size=7)
model = dict(
    type='TopdownPoseEstimator',
    data_preprocessor=dict(
        type='PoseDataPreprocessor',
        mean=[0, 0, 0],
        std=[255, 255, 255],
        bgr_to_rgb=True),
    backbone=dict(
        type='mmwing.WingCNN', arch='cnn6', widen_factor=0.5, out_indices=(3, ),
        norm_cfg=dict(type='BN')),
    head=dict(
        type='HeatmapHead',
        in_channels=128,
        out_channels=68,
        deconv_out_channels=(64, 64),
        deconv_kernel_sizes=(4, 4),
        loss=dict(type='mmwing.AdaptiveWingLoss'),
        decoder=codec),
    train_cfg=dict(),
    test_cfg=dict(flip_test=True, flip_mode='heatmap', shift_heatmap=False))
optim_wrapper = dict(optimizer=dict(lr=2e-3))
# Heat maps have no mean shape to start from.
custom_hooks = [
    dict(type='EMAHook', ema_type='ExpMomentumEMA', momentum=0.0005, gamma=800),
]

train_pipeline = [
    dict(type='mmwing.LoadCachedImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='mmwing.RandomFaceBox', rotation=30, jitter=0.05, flip_prob=0.5),
    dict(type='mmwing.FaceAffine', input_size=codec['input_size']),
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackPoseInputs'),
]
# Tuned on fit -> dev.
train_dataloader = dict(
    dataset=dict(
        ann_file='annotations/face_landmarks_300w_fit.json',
        pipeline=train_pipeline))
val_dataloader = dict(
    dataset=dict(
        ann_file='annotations/face_landmarks_300w_dev.json',
        pipeline={{_base_.val_pipeline}}))
test_dataloader = val_dataloader
