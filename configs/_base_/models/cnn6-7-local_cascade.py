# The two stages, each with batch normalisation and trained by itself before; the second
# corrects its landmarks from its own maps. Not in the paper.
model = dict(
    type='mmwing.CascadeEstimator',
    data_preprocessor=dict(
        type='PoseDataPreprocessor',
        mean=[0, 0, 0],
        std=[255, 255, 255],
        bgr_to_rgb=True),
    backbone=dict(),  # MMPose's init_model looks for it
    input_size=(256, 256),
    context=1.5,
    freeze_stage1=True,
    stage1=dict(
        backbone=dict(
            type='mmwing.WingCNN', arch='cnn6', norm_cfg=dict(type='BN')),
        head=dict(
            type='mmwing.DirectRegressionHead',
            in_channels=2048,
            num_joints=68,
            pool='flatten',
            hidden_channels=(1024, ),
            mean_shape='auto',
            decoder=dict(
                type='mmwing.DirectRegressionLabel', input_size=(64, 64)))),
    stage2=dict(
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
                type='mmwing.DirectRegressionLabel', input_size=(128, 128)))),
    train_cfg=dict(),
    test_cfg=dict(flip_test=True))
