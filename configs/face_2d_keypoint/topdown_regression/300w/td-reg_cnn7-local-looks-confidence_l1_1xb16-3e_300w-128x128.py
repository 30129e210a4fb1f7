_base_ = ['./td-reg_cnn7-local-looks_l1_1xb32-100e_300w-128x128.py']

# How far off each landmark is to be expected, learnt afterwards, run the config of the
# base first: its network stays as it is, its landmarks too. `mmwing calibrate` follows,
# on faces that it has not been trained on.
load_from = 'work_dirs/td-reg_cnn7-local-looks_l1_1xb32-100e_300w-128x128'

model = dict(
    backbone=dict(frozen_stages=5, norm_eval=True),
    head=dict(confidence=dict(alone=True)))

# As good as labels, as rough as a detector's, and, so that what is no face is told from
# one, some that hardly show the face.
boxes = dict(
    type='RandomChoice',
    prob=[0.55, 0.35, 0.1],
    transforms=[
        [dict(type='mmwing.RandomFaceBox', rotation=15, jitter=0.05, flip_prob=0.5)],
        [dict(type='mmwing.RandomFaceBox', rotation=20, jitter=0.25, flip_prob=0.5)],
        [
            dict(type='mmwing.RandomFaceBox', rotation=20, jitter=0.2, flip_prob=0.5),
            dict(
                type='RandomBBoxTransform',
                shift_factor=0.8,
                shift_prob=1.,
                scale_factor=(0.5, 1.6),
                scale_prob=1.,
                rotate_prob=0.),
        ],
    ])
train_pipeline = _base_.train_pipeline
train_pipeline = [*train_pipeline[:3], boxes, *train_pipeline[4:]]
train_dataloader = dict(batch_size=16, dataset=dict(pipeline=train_pipeline))

max_epochs = 3
train_cfg = dict(max_epochs=max_epochs, val_interval=max_epochs)
param_scheduler = _base_.param_scheduler
param_scheduler[1].update(end=max_epochs, T_max=max_epochs - 1)
optim_wrapper = dict(optimizer=dict(lr=1e-2, weight_decay=0.02))
custom_hooks = [_base_.custom_hooks[0]]
