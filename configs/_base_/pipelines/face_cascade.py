# Input of mmwing.CascadeEstimator: 1.5 times the face box at 256x256 pixels, from which
# the stages crop their inputs. The augmentation of Feng et al. (CVPR 2018), section 6,
# happens here for the first stage, and in the model for the second. One pixel of the
# first stage is 2.7 pixels here, one of the second 1.3, so the range of sigma is about
# 1 pixel of either.
_base_ = './face_256x256.py'

train_pipeline = [
    *_base_.train_pipeline[:3],
    dict(type='mmwing.FaceContext', factor=1.5),
    _base_.train_pipeline[3],
    dict(type='mmwing.RandomGaussianBlur', sigma=(1.3, 2.7), prob=0.5),
    *_base_.train_pipeline[5:],
]
val_pipeline = [
    *_base_.val_pipeline[:2],
    dict(type='mmwing.FaceContext', factor=1.5),
    *_base_.val_pipeline[2:],
]
