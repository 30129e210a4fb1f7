"""Another loss in the last third of the training: L1, then Wing."""
_base_ = ['./td-reg_cnn6-half-local_300w-64x64.py']

model = dict(head=dict(loss=dict(type='mmwing.L1Loss')))
custom_hooks = [
    *_base_.custom_hooks,
    dict(
        type='mmwing.LossSwitchHook',
        switch_epoch=20,
        loss=dict(type='mmwing.WingLoss')),
]
