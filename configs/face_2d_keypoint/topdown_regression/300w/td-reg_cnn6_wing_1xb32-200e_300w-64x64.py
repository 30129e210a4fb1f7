_base_ = [
    './td-reg_cnn6_wing_1xb16-200e_300w-64x64.py',
    '../../../_base_/datasets/300w_label_offset.py',
]

# The paper's CNN-6, loss and augmentation. Not in the paper: batch normalisation, the
# mean shape in the output layer, and a schedule that weakens the augmentation at its end.
model = dict(backbone=dict(norm_cfg=dict(type='BN')))

remove_offset = dict(type='mmwing.RemoveLabelOffset', offset=_base_.label_offset)
train_pipeline = [_base_.train_pipeline[0], remove_offset, *_base_.train_pipeline[1:]]
val_pipeline = [_base_.val_pipeline[0], remove_offset, *_base_.val_pipeline[1:]]
mild_pipeline = [
    *train_pipeline[:3],
    dict(train_pipeline[3], rotation=15, jitter=0.02),
    *train_pipeline[4:],
]

optim_wrapper = dict(optimizer=dict(lr=2e-3, weight_decay=0.05))
auto_scale_lr = dict(base_batch_size=32)
custom_hooks = [
    *_base_.custom_hooks,
    dict(
        type='mmwing.PipelineSwitchHook',
        switch_epoch=180,
        switch_pipeline=mild_pipeline),
]

train_dataloader = dict(batch_size=32, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))
