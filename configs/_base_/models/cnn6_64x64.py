# CNN-6 of Feng et al. (CVPR 2018): pixels / 255, five stages, FC-1024.
model = dict(
    type='TopdownPoseEstimator',
    data_preprocessor=dict(
        type='PoseDataPreprocessor',
        mean=[0, 0, 0],
        std=[255, 255, 255],
        bgr_to_rgb=True),
    backbone=dict(type='mmwing.WingCNN', arch='cnn6'),
    head=dict(
        type='mmwing.DirectRegressionHead',
        in_channels=2048,
        num_joints=68,
        pool='flatten',
        hidden_channels=(1024, ),
        mean_shape='auto',
        decoder=dict(
            type='mmwing.DirectRegressionLabel', input_size=(64, 64))),
    train_cfg=dict(),
    test_cfg=dict(flip_test=True))
