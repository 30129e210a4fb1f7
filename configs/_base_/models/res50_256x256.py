# ResNet-50 with global average pooling, as in MMPose's direct regression configs.
model = dict(
    type='TopdownPoseEstimator',
    data_preprocessor=dict(
        type='PoseDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True),
    backbone=dict(
        type='ResNet',
        depth=50,
        init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet50')),
    head=dict(
        type='mmwing.DirectRegressionHead',
        in_channels=2048,
        num_joints=68,
        pool='avg',
        mean_shape='auto',
        decoder=dict(
            type='mmwing.DirectRegressionLabel', input_size=(256, 256))),
    train_cfg=dict(),
    test_cfg=dict(flip_test=True))
