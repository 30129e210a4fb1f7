_base_ = './sgd_120k.py'

# The paper's learning rates are for outputs in pixels. Here outputs are fractions of the
# input: the same step of the last layer would move landmarks 256**2 times as far.
optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys={
        'head.fc': dict(lr_mult=1 / 256**2, decay_mult=256**2)
    }))
