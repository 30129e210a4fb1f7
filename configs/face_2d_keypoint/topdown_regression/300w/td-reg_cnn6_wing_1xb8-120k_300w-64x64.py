_base_ = [
    '../../../_base_/schedules/sgd_120k.py',
    '../../../_base_/models/cnn6_64x64.py',
    '../../../_base_/datasets/300w_68pt.py',
    '../../../_base_/pipelines/face_64x64.py',
]

# The paper's learning rates are for outputs in pixels. Here outputs are fractions of the
# input: the same step of the last layer would move landmarks 64**2 times as far.
optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys={
        'head.fc': dict(lr_mult=1 / 64**2, decay_mult=64**2)
    }))
model = dict(
    test_cfg=dict(flip_test=False),
    head=dict(
        loss=dict(type='mmwing.WingLoss'),
        init_cfg=dict(
            type='Kaiming',
            layer='Linear',
            mode='fan_in',
            override=dict(
                type='Normal', name='fc', std=(2 / 1024)**0.5 / 64, bias=0))))
val_evaluator = dict(normalizer='inter_pupil')
test_evaluator = val_evaluator
train_dataloader = dict(
    batch_size=8, dataset=dict(pipeline={{_base_.train_pipeline}}))
val_dataloader = dict(dataset=dict(pipeline={{_base_.val_pipeline}}))
test_dataloader = dict(dataset=dict(pipeline={{_base_.val_pipeline}}))
