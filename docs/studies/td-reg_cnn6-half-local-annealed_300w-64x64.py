"""Wing whose omega and epsilon shrink to a quarter as the errors do."""
_base_ = ['./td-reg_cnn6-half-local_300w-64x64.py']

custom_hooks = [
    *_base_.custom_hooks,
    dict(
        type='mmwing.LossAnnealingHook',
        arguments=dict(omega=(10, 2.5), epsilon=(2, 0.5))),
]
