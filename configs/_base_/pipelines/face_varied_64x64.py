# face_64x64.py with colour and patches for long trainings on few faces, and a
# milder pipeline for their end: the test sees neither patches nor boxes that are off.
_base_ = '../datasets/300w_label_offset.py'

codec = dict(type='mmwing.DirectRegressionLabel', input_size=(64, 64))
train_pipeline = [
    dict(type='mmwing.LoadCachedImage'),
    dict(type='GetBBoxCenterScale'),
    dict(
        type='mmwing.RandomFaceBox',
        rotation=30,
        jitter=0.05,
        flip_prob=0.5,
        label_offset={{_base_.label_offset}}),
    dict(type='mmwing.FaceAffine', input_size=codec['input_size']),
    dict(type='mmwing.RandomColor', prob=0.5),
    dict(type='mmwing.RandomOcclusion', prob=0.3),
    dict(type='mmwing.RandomGaussianBlur', sigma=1, prob=0.5),
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackPoseInputs'),
]
mild_pipeline = [
    dict(type='mmwing.LoadCachedImage'),
    dict(type='GetBBoxCenterScale'),
    dict(
        type='mmwing.RandomFaceBox',
        rotation=15,
        jitter=0.02,
        flip_prob=0.5,
        label_offset={{_base_.label_offset}}),
    dict(type='mmwing.FaceAffine', input_size=codec['input_size']),
    dict(type='mmwing.RandomColor', prob=0.5),
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackPoseInputs'),
]
val_pipeline = [
    dict(type='mmwing.LoadCachedImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='mmwing.FaceAffine', input_size=codec['input_size']),
    dict(type='PackPoseInputs'),
]
