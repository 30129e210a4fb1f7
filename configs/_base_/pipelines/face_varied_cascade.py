# face_cascade.py with colour in place of blur, for stages that were trained before.
_base_ = ['./face_cascade.py', '../datasets/300w_label_offset.py']

train_pipeline = [
    *_base_.train_pipeline[:2],
    dict(_base_.train_pipeline[2], jitter=0.03, label_offset=_base_.label_offset),
    *_base_.train_pipeline[3:5],
    dict(type='mmwing.RandomColor', prob=0.5),
    *_base_.train_pipeline[6:],
]
