# CNN-7 at half its width with batch normalisation, and corrections of the landmarks from
# its maps of stride 4 and 8. Not in the paper.
model = dict(
    type='TopdownPoseEstimator',
    data_preprocessor=dict(
        type='PoseDataPreprocessor',
        mean=[0, 0, 0],
        std=[255, 255, 255],
        bgr_to_rgb=True),
    backbone=dict(
        type='mmwing.WingCNN',
        arch='cnn7',
        widen_factor=0.5,
        norm_cfg=dict(type='BN'),
        out_indices=(1, 2, 5)),
    head=dict(
        type='mmwing.LocalRefinementHead',
        in_channels=1024,
        num_joints=68,
        local_channels=(32, 64),
        pool='flatten',
        hidden_channels=(1024, ),
        mean_shape='auto',
        decoder=dict(
            type='mmwing.DirectRegressionLabel', input_size=(128, 128))),
    train_cfg=dict(),
    test_cfg=dict(flip_test=True))
