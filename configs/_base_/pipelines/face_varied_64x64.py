# For long trainings on few faces: face_64x64.py with colour changes and patches, and
# mild_pipeline for the last epochs, closer to the test, which has neither patches nor
# jittered boxes.
_base_ = ['./face_64x64.py', '../datasets/300w_label_offset.py']

remove_offset = dict(type='mmwing.RemoveLabelOffset', offset=_base_.label_offset)
train_pipeline = [
    _base_.train_pipeline[0],
    remove_offset,
    *_base_.train_pipeline[1:4],
    dict(type='mmwing.RandomColor', prob=0.5),
    dict(type='mmwing.RandomOcclusion', prob=0.3),
    *_base_.train_pipeline[4:],
]
mild_pipeline = [
    *train_pipeline[:3],
    dict(train_pipeline[3], rotation=15, jitter=0.02),
    train_pipeline[4],
    dict(type='mmwing.RandomColor', prob=0.5),
    *_base_.train_pipeline[5:],
]
val_pipeline = [_base_.val_pipeline[0], remove_offset, *_base_.val_pipeline[1:]]
