# Augmentation of Feng et al. (CVPR 2018), section 6: rotation, box jitter, flip, blur.
codec = dict(type='mmwing.DirectRegressionLabel', input_size=(64, 64))
train_pipeline = [
    dict(type='mmwing.LoadCachedImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='mmwing.RandomFaceBox', rotation=30, jitter=0.05, flip_prob=0.5),
    dict(type='mmwing.FaceAffine', input_size=codec['input_size']),
    dict(type='mmwing.RandomGaussianBlur', sigma=1, prob=0.5),
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackPoseInputs'),
]
val_pipeline = [
    dict(type='mmwing.LoadCachedImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='mmwing.FaceAffine', input_size=codec['input_size']),
    dict(type='PackPoseInputs'),
]
