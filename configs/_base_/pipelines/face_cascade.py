# The canvas of mmwing.CascadeEstimator: 1.5 times the face box, on 256x256 pixels.
# Augmentation of Feng et al. (CVPR 2018), section 6, before the first stage; the
# model adds that of the second. A pixel of the first stage is 2.7 of the canvas, of
# the second 1.3: this range of sigma is about 1 pixel for either.
codec = dict(type='mmwing.DirectRegressionLabel', input_size=(256, 256))
train_pipeline = [
    dict(type='mmwing.LoadCachedImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='mmwing.RandomFaceBox', rotation=30, jitter=0.05, flip_prob=0.5),
    dict(type='mmwing.FaceContext', factor=1.5),
    dict(type='mmwing.FaceAffine', input_size=codec['input_size']),
    dict(type='mmwing.RandomGaussianBlur', sigma=(1.3, 2.7), prob=0.5),
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
