# face_cascade.py with colour, for stages that have seen much more before.
_base_ = '../datasets/300w_label_offset.py'

codec = dict(type='mmwing.DirectRegressionLabel', input_size=(256, 256))
train_pipeline = [
    dict(type='mmwing.LoadCachedImage'),
    dict(type='GetBBoxCenterScale'),
    dict(
        type='mmwing.RandomFaceBox',
        rotation=30,
        jitter=0.03,
        flip_prob=0.5,
        label_offset={{_base_.label_offset}}),
    dict(type='mmwing.FaceContext', factor=1.5),
    dict(type='mmwing.FaceAffine', input_size=codec['input_size']),
    dict(type='mmwing.RandomColor', prob=0.5),
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackPoseInputs'),
]
val_pipeline = [
    dict(type='mmwing.LoadCachedImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='mmwing.FaceContext', factor=1.5),
    dict(type='mmwing.FaceAffine', input_size=codec['input_size']),
    dict(type='PackPoseInputs'),
]
