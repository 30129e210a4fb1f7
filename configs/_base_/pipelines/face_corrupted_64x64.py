# face_64x64.py with what a study may spoil: annotation, labels, pixels. As it stands,
# nothing of it does anything.
_base_ = '../datasets/300w_label_offset.py'

codec = dict(type='mmwing.DirectRegressionLabel', input_size=(64, 64))
train_pipeline = [
    dict(type='mmwing.LoadCachedImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='mmwing.KeepLandmarks', indices=None),
    dict(type='mmwing.LabelNoise', sigma=0.0),
    dict(
        type='mmwing.RandomFaceBox',
        rotation=30,
        jitter=0.05,
        flip_prob=0.5,
        label_offset={{_base_.label_offset}}),
    dict(type='mmwing.FaceAffine', input_size=codec['input_size']),
    dict(type='mmwing.RandomOcclusion', prob=0.0),
    dict(type='mmwing.RandomGaussianBlur', sigma=1, prob=0.5),
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackPoseInputs'),
]
val_pipeline = [
    dict(type='mmwing.LoadCachedImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='mmwing.KeepLandmarks', indices=None),
    dict(type='mmwing.FaceAffine', input_size=codec['input_size']),
    dict(type='PackPoseInputs'),
]
