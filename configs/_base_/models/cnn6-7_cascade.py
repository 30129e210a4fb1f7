# CNN-6 on 64x64, then CNN-7 on 128x128 pixels (Feng et al., CVPR 2018, section 6).
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
    stage1=dict(
        backbone=dict(type='mmwing.WingCNN', arch='cnn6'),
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
        backbone=dict(type='mmwing.WingCNN', arch='cnn7'),
        head=dict(
            type='mmwing.DirectRegressionHead',
            in_channels=2048,
            num_joints=68,
            pool='flatten',
            hidden_channels=(1024, ),
            mean_shape='auto',
            decoder=dict(
                type='mmwing.DirectRegressionLabel', input_size=(128, 128)))),
    train_cfg=dict(),
    test_cfg=dict(flip_test=True))
