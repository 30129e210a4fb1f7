# face_cascade.py with colour changes instead of blur, for stages trained before.
_base_ = ['./face_cascade.py', '../datasets/300w_label_offset.py']

remove_offset = dict(type='mmwing.RemoveLabelOffset', offset=_base_.label_offset)
train_pipeline = [
    _base_.train_pipeline[0],
    remove_offset,
    _base_.train_pipeline[1],
    dict(_base_.train_pipeline[2], jitter=0.03),
    *_base_.train_pipeline[3:5],
    dict(type='mmwing.RandomColor', prob=0.5),
    *_base_.train_pipeline[6:],
]
val_pipeline = [_base_.val_pipeline[0], remove_offset, *_base_.val_pipeline[1:]]
